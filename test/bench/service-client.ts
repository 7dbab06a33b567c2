import { createTRPCClient, httpBatchStreamLink, type TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../src/contract.js';
import { faultOfState } from './calls.js';
import { type Update, wantedBy } from './update.js';

/** A front end's client, as the documentation of tRPC makes it. */
export function createServiceClient(url: string): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [httpBatchStreamLink({ url: `${url}/trpc`, headers: { 'x-csrf': '1' } })],
  });
}

/** Makes many updates in one call; rejects unless each of them is told once, and done. */
export async function updateMany(client: TRPCClient<AppRouter>, updates: Update[]): Promise<void> {
  const open = new Set(updates.keys());
  let done = 0;
  for await (const event of await client.scriptUserState.updateMany.mutate({ updates })) {
    if ('done' in event) {
      done = event.done;
      continue;
    }
    const update = updates[event.index];
    if (!event.ok) throw new Error(`update ${event.index}: ${JSON.stringify(event.error)}`);
    if (update === undefined || !open.delete(event.index)) throw new Error(`update ${event.index} is told twice`);
    const fault = faultOfState(wantedBy(update), event.userState);
    if (fault !== undefined) throw new Error(`update ${event.index}: ${fault}`);
  }
  if (open.size > 0 || done !== updates.length) throw new Error(`${open.size} updates are not told, ${done} are done`);
}
