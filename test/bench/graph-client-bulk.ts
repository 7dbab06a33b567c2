import {
  BatchRequestContent,
  type BatchResponseBody,
  BatchResponseContent,
  type Client,
} from '@microsoft/microsoft-graph-client';
import { userStatePath } from '../../src/graph/paths.js';
import { type ExpectedState, findStateError } from './calls.js';
import { stateAfter, type Update } from './update.js';

/** The maximum number of items in a Graph batch. */
const batchSize = 20;

/** Sends each update in its own request. */
export async function updateEach(client: Client, updates: readonly Update[], concurrency: number): Promise<void> {
  await forEachConcurrently(updates, concurrency, async (update) => {
    const state = (await client.api(userStatePath(update)).patch(update.patch)) as ExpectedState;
    check(update, state);
  });
}

/** Sends updates in Graph batches, as the library creates them. */
export async function updateInBatches(client: Client, updates: readonly Update[], concurrency: number): Promise<void> {
  const batches = Array.from({ length: Math.ceil(updates.length / batchSize) }, (_, index) =>
    updates.slice(index * batchSize, (index + 1) * batchSize),
  );
  await forEachConcurrently(batches, concurrency, (batch) => sendBatch(client, batch));
}

async function sendBatch(client: Client, updates: readonly Update[]): Promise<void> {
  const steps = updates.map((update, index) => ({
    id: String(index),
    // The library uses only the path, relative to the version.
    request: new Request(`https://graph.microsoft.com/${userStatePath(update)}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(update.patch),
    }),
  }));
  const content = await new BatchRequestContent(steps).getContent();
  const batchResponse = new BatchResponseContent((await client.api('/$batch').post(content)) as BatchResponseBody);
  for (const [index, update] of updates.entries()) {
    const response = batchResponse.getResponseById(String(index));
    if (!response.ok) throw new Error(`item ${index}: ${response.status}`);
    check(update, (await response.json()) as ExpectedState);
  }
}

function check(update: Update, state: ExpectedState): void {
  const error = findStateError(stateAfter(update), state);
  if (error !== undefined) throw new Error(error);
}

async function forEachConcurrently<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const remaining = items.values();
  const worker = async () => {
    for (const item of remaining) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
