import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { StateRef } from '../../src/graph/ids.js';
import { createBatchClient, createStreamClient } from '../support/clients.js';
import { patches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { someStates } from '../support/states.js';

const pair = usePair({ GRAPH_DEADLINE_MS: '1500', GRAPH_WRITES_PER_20S: '10000' });
let first: StateRef;
let second: StateRef;
let counter = 1000;

beforeAll(async () => {
  await pair.simulator.settings({ writesPer20s: 1_000_000 });
  const [one, two] = await someStates(pair.service, 2);
  if (one === undefined || two === undefined) throw new Error('the script must have two states');
  [first, second] = [one.target, two.target];
});

const fresh = () => ({ successDeviceCount: counter++ });

const sentPatches = async () => (await patches(pair.simulator)).map(({ body }) => body);

describe.each([
  ['httpBatchLink', createBatchClient],
  ['httpBatchStreamLink', createStreamClient],
] as const)('%s', (_, createLinked) => {
  test('each call of a batch has its own result', async () => {
    const { scriptUserState, script, session } = createLinked(pair.service);
    const queries = await Promise.allSettled([
      scriptUserState.get.query(first),
      scriptUserState.get.query({ ...first, userStateId: 'nobody' }),
      scriptUserState.get.query({ ...first, userStateId: '../x' }),
      script.list.query({ scriptKind: 'deviceManagementScript' }),
      session.current.query(),
    ]);
    expect(queries).toMatchObject([
      { value: { id: first.userStateId } },
      { reason: { data: { reason: 'GRAPH_NOT_FOUND', httpStatus: 404 } } },
      { reason: { data: { reason: 'INVALID_INPUT', httpStatus: 400 } } },
      { value: { items: expect.any(Array) as unknown } },
      { value: { user: { oid: 'local-operator' } } },
    ]);
    const patch = fresh();
    await pair.simulator.fault({ fault: 'rejected', method: 'PATCH', path: second.userStateId });
    const updates = await Promise.allSettled([
      scriptUserState.update.mutate({ ...first, patch }),
      scriptUserState.update.mutate({ ...second, patch }),
      scriptUserState.delete.mutate({ ...first, userStateId: 'nobody' }),
    ]);
    expect(updates).toMatchObject([
      { value: patch },
      { reason: { data: { reason: 'GRAPH_REJECTED' } } },
      { reason: { data: { reason: 'GRAPH_NOT_FOUND' } } },
    ]);
  });

  test('20 updates of one state in a batch reach Graph in their order', async () => {
    const { update } = createLinked(pair.service).scriptUserState;
    const all = Array.from({ length: 20 }, fresh);
    const done = await Promise.all(all.map((patch) => update.mutate({ ...first, patch })));
    expect(done).toMatchObject(all);
    expect(await sentPatches()).toMatchObject(all);
    expect(pair.service.lines({ route: `/trpc/${Array(20).fill('scriptUserState.update').join()}` })).not.toEqual([]);
  });
});

test('a streamed batch sends each result as soon as it is ready', async () => {
  await pair.simulator.fault({ fault: 'throttled', method: 'GET', path: second.userStateId, delayMs: 500 });
  const { get } = createStreamClient(pair.service).scriptUserState;
  const ended: string[] = [];
  await Promise.all([
    get.query(second).then(() => ended.push('throttled')),
    get.query(first).then(() => ended.push('answered')),
  ]);
  expect(ended).toEqual(['answered', 'throttled']);
});

describe('the order of updates', () => {
  test('of one state is kept when they are pipelined on one connection', async () => {
    const all = Array.from({ length: 30 }, fresh);
    await pair.simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 50 });
    const socket = connect(Number(pair.service.url.port), '127.0.0.1');
    for (const [index, patch] of all.entries()) {
      const body = JSON.stringify({ ...first, patch });
      const close = index === all.length - 1 ? 'connection: close\r\n' : '';
      socket.write(
        'POST /trpc/scriptUserState.update HTTP/1.1\r\nhost: localhost\r\nx-csrf: 1\r\n' +
          `content-type: application/json\r\ncontent-length: ${body.length}\r\n${close}\r\n${body}`,
      );
    }
    const responses = (await text(socket)).match(/HTTP\/1\.1 \d+/g);
    expect(responses).toEqual(Array(30).fill('HTTP/1.1 200'));
    expect(await sentPatches()).toMatchObject(all);
  });

  test('of one state is kept whatever the results of the earlier updates', async () => {
    const { update } = createBatchClient(pair.service).scriptUserState;
    const all = Array.from({ length: 4 }, fresh);
    await pair.simulator.fault(
      { fault: 'throttled', method: 'PATCH', retryAfter: 'fractional', delayMs: 200 },
      { fault: 'reset', method: 'PATCH' },
      { fault: 'rejected', method: 'PATCH' },
    );
    const done = await Promise.allSettled(all.map((patch) => update.mutate({ ...first, patch })));
    expect(done.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(await sentPatches()).toMatchObject([all[0], all[0], ...all]);
  });

  test('does not delay an update of another state when one stalls', async () => {
    const { update } = pair.service.client.scriptUserState;
    await pair.simulator.fault({ fault: 'stall', method: 'PATCH', times: 'always', path: first.userStateId });
    const ended: string[] = [];
    const stalled = update.mutate({ ...first, patch: fresh() }).catch((error: unknown) => {
      ended.push('stalled');
      return error;
    });
    await expect.poll(sentPatches).toHaveLength(1);
    const patch = fresh();
    expect(await update.mutate({ ...second, patch })).toMatchObject(patch);
    ended.push('updated');
    expect(await stalled).toMatchObject({ data: { reason: 'OUTCOME_UNKNOWN' } });
    expect(ended).toEqual(['updated', 'stalled']);
  });
});
