import { expect } from 'vitest';
import type { Controls, JournalEntry } from './controls.js';

/** The requests with a method that Graph received, in order. */
export async function requests(
  simulator: Pick<Controls, 'journal'>,
  method: JournalEntry['method'],
): Promise<readonly JournalEntry[]> {
  return (await simulator.journal()).filter((entry) => entry.method === method);
}

/** The updates that Graph received, in order. */
export const patches = (simulator: Pick<Controls, 'journal'>): Promise<readonly JournalEntry[]> =>
  requests(simulator, 'PATCH');

/** How many updates Graph received, once each has a response and their number no longer changes. */
export async function settledPatches(simulator: Pick<Controls, 'journal'>): Promise<number> {
  let count = -1;
  let same = 0;
  const timesSame = async () => {
    const sent = await patches(simulator);
    const isSame = sent.length === count && sent.every(({ answeredAtMs }) => answeredAtMs !== null);
    same = isSame ? same + 1 : 0;
    count = sent.length;
    return same;
  };
  await expect.poll(timesSame, { interval: 400 }).toBeGreaterThanOrEqual(3);
  return count;
}

/** The items of each batch that Graph received. */
export async function batches(simulator: Pick<Controls, 'journal'>): Promise<readonly (readonly JournalEntry[])[]> {
  const journal = await simulator.journal();
  return journal
    .filter(({ path }) => path.endsWith('$batch'))
    .map(({ n }) => journal.filter(({ batch }) => batch === n));
}

/** The id of the state that a request to Graph is for. */
export function stateOf({ path }: JournalEntry): string {
  return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
}

/** The value that a request to Graph sets. */
export function newValue({ body }: JournalEntry): number {
  return (body as { successDeviceCount: number }).successDeviceCount;
}
