import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Row, rowsOf, sendMany, startMany } from '../support/bulk.js';
import { patches, settledPatches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { addressOf, usePrograms } from '../support/program.js';
import { liveSettings } from '../support/service.js';
import { manyStates } from '../support/states.js';

const quota = { GRAPH_WRITES_PER_20S: '1000000' };

const pair = usePair(quota, { writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
/** Closes the response that a test has left unread. */
let close: (() => void) | undefined;
let rows: Row[];

beforeAll(async () => {
  const states = rowsOf(await manyStates(pair.service, 400, ['deviceShellScript']), 1000);
  // Each result then has more than 3 KB, so that thousands of them exceed the buffers of the sockets.
  const named = states.map((row) => ({ ...row, patch: { userPrincipalName: '漢'.repeat(1024) } }));
  for (let from = 0; from < 400; from += 100) {
    const some = await startMany(pair.service, { updates: named.slice(from, from + 100) }).finished;
    expect(some.filter(({ ok }) => ok)).toHaveLength(100);
  }
  rows = Array.from({ length: 4800 }, (_, index) => {
    const row = states[index % 400] ?? expect.fail('no such row');
    return { ...row, patch: { errorDeviceCount: index % 7 } };
  });
});
afterEach(async () => {
  close?.();
  await settledPatches(pair.simulator);
});
const startProgram = usePrograms('test');

/** Calls with all rows, and leaves the response unread. */
async function call(address = pair.service.address): Promise<IncomingMessage> {
  const [, response] = await sendMany({ address }, rows);
  response.on('error', () => undefined);
  close = () => void response.destroy();
  return response;
}

describe('a client that does not read the response', () => {
  test('pauses the updates until it continues to read', async () => {
    const response = await call();
    const unread = await settledPatches(pair.simulator);
    expect(unread).toBeGreaterThan(300);
    expect(unread).toBeLessThan(4500);
    const answer = await text(response);
    expect(answer).toContain('"done":4800,"total":4800');
    expect(answer.match(/"ok":true/g)).toHaveLength(4800);
    expect(await patches(pair.simulator)).toHaveLength(4800);
  });

  test('has its rows counted as in progress until it has read their results', async () => {
    const responses = [await call(), await call()];
    await settledPatches(pair.simulator);
    expect(await text(await call())).toContain('"reason":"OVERLOADED"');
    await Promise.all(responses.map((response) => text(response)));
    expect(await text(await call())).toContain('"done":4800,"total":4800');
  });

  test('and then disconnects: only the rows that were sent complete', async () => {
    const aborted = () => pair.service.lines({ route: '/trpc/scriptUserState.updateMany', status: null }).length;
    const before = aborted();
    const response = await call();
    const unread = await settledPatches(pair.simulator);
    response.destroy();
    await expect.poll(aborted).toBe(before + 1);
    const after = { ...(rows.at(-1) ?? expect.fail('no such row')), patch: { successDeviceCount: 78 } };
    expect(await pair.service.client.scriptUserState.update.mutate(after)).toMatchObject(after.patch);
    expect(await settledPatches(pair.simulator)).toBe(unread + 1);
  });

  test('does not pause single updates of the same states, which still follow its rows', async () => {
    await call();
    const unread = await settledPatches(pair.simulator);
    const after = { ...(rows.at(-1) ?? expect.fail('no such row')), patch: { successDeviceCount: 79 } };
    expect(await pair.service.client.scriptUserState.update.mutate(after)).toMatchObject(after.patch);
    const state = rows.flatMap(({ userStateId, patch }) => (userStateId === after.userStateId ? [patch] : []));
    const sent = (await patches(pair.simulator)).filter(({ path }) =>
      path.endsWith(encodeURIComponent(after.userStateId)),
    );
    expect(sent.map(({ body }) => body)).toMatchObject([...state, after.patch]);
    expect(await settledPatches(pair.simulator)).toBeLessThanOrEqual(unread + 1 + state.length);
  });

  test('does not pause bulk updates of other users on the same states', async () => {
    await call();
    await settledPatches(pair.simulator);
    const others = startMany(pair.service, { updates: rows.slice(-10) });
    await expect.poll(() => others.results().length).toBe(10);
    expect(others.results().filter(({ ok }) => ok)).toHaveLength(10);
  });

  test('does not delay the exit of the service, which is 0', async () => {
    const program = startProgram('dist/main.js', {
      ...quota,
      PORT: '0',
      SIGN_IN: 'off',
      ...liveSettings(pair.simulator),
      GRAPH_DEADLINE_MS: '1000',
    });
    await call(await addressOf(program));
    await settledPatches(pair.simulator);
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
  });
});
