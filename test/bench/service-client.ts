import { createTRPCClient, httpBatchStreamLink, type TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../src/contract.js';
import { findStateError } from './calls.js';
import { stateAfter, type Update } from './update.js';

/** A client as tRPC's documentation creates it. */
export function createServiceClient(url: string): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [httpBatchStreamLink({ url: `${url}/trpc`, headers: { 'x-csrf': '1' } })],
  });
}

/** Makes many updates in one call. Rejects unless each of them is reported once, as successful. */
export async function updateMany(client: TRPCClient<AppRouter>, updates: Update[]): Promise<void> {
  const pending = new Set(updates.keys());
  let done = 0;
  for await (const event of await client.scriptUserState.updateMany.mutate({ updates })) {
    if (event.type === 'progress') {
      done = event.done;
      continue;
    }
    const update = updates[event.index];
    if (!event.ok) throw new Error(`update ${event.index}: ${JSON.stringify(event.error)}`);
    if (update === undefined || !pending.delete(event.index)) throw new Error(`update ${event.index}: reported twice`);
    const error = findStateError(stateAfter(update), event.userState);
    if (error !== undefined) throw new Error(`update ${event.index}: ${error}`);
  }
  if (pending.size > 0 || done !== updates.length) {
    throw new Error(`${pending.size} updates were not reported; the last progress was ${done}`);
  }
}
