import {
  BatchRequestContent,
  type BatchResponseBody,
  BatchResponseContent,
  type Client,
} from '@microsoft/microsoft-graph-client';
import { userStatePath } from '../../src/graph/routes.js';
import { faultOfState, type Wanted } from './calls.js';
import { type Update, wantedBy } from './update.js';

/** As many items as Graph takes in a batch. */
const batchSize = 20;

/** Sends each update by itself. @param atATime how many are under way */
export async function updateEach(client: Client, updates: readonly Update[], atATime: number): Promise<void> {
  await sideBySide(updates, atATime, async (update) => {
    const state = (await client.api(userStatePath(update)).patch(update.patch)) as Wanted;
    check(update, state);
  });
}

/** Sends updates by Graph's batches, as the library makes them. @param atATime how many batches are under way */
export async function updateByBatches(client: Client, updates: readonly Update[], atATime: number): Promise<void> {
  const batches = Array.from({ length: Math.ceil(updates.length / batchSize) }, (_, index) =>
    updates.slice(index * batchSize, (index + 1) * batchSize),
  );
  await sideBySide(batches, atATime, (batch) => updateByBatch(client, batch));
}

async function updateByBatch(client: Client, updates: readonly Update[]): Promise<void> {
  const steps = updates.map((update, index) => ({
    id: String(index),
    // The library takes the path from it, relative to the version, and leaves the host.
    request: new Request(`https://graph.microsoft.com/${userStatePath(update)}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(update.patch),
    }),
  }));
  const content = await new BatchRequestContent(steps).getContent();
  const answers = new BatchResponseContent((await client.api('/$batch').post(content)) as BatchResponseBody);
  for (const [index, update] of updates.entries()) {
    const answer = answers.getResponseById(String(index));
    if (!answer.ok) throw new Error(`item ${index}: ${answer.status}`);
    check(update, (await answer.json()) as Wanted);
  }
}

function check(update: Update, state: Wanted): void {
  const fault = faultOfState(wantedBy(update), state);
  if (fault !== undefined) throw new Error(fault);
}

async function sideBySide<T>(items: readonly T[], atATime: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}
