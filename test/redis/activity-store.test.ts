import { afterEach, expect, test } from 'vitest';
import type { ObservedWrite } from '../../src/audit/audit.js';
import type { ScriptKind } from '../../src/graph/ids.js';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { type Activity, type ActivityFilter, type ActivityLog, createActivityLog } from '../../src/jobs/activity.js';
import { createRedisActivityStore } from '../../src/redis/activity-store.js';
import { connectRedis, describeWithRedis, useRedis } from '../support/redis.js';
import { startTestService, untilReady } from '../support/service.js';
import { manyStates } from '../support/states.js';

const secrets = ['a-session-secret-for-tests-of-activity'];
const cursors = createCursorCodec(secrets);
const slowly = { interval: 20, timeout: 60_000 };

const stateOf = (successDeviceCount: number) => ({
  id: 'state',
  successDeviceCount,
  errorDeviceCount: 0,
  userPrincipalName: 'canary-upn@contoso.example',
});

function write(number: number, target: Partial<ObservedWrite['target']> = {}, jobId?: string): ObservedWrite {
  return {
    actor: { requestId: String(number), user: { oid: 'person', name: 'Canary Name' }, jobId },
    action: 'update',
    target: { scriptKind: 'deviceShellScript', scriptId: 'script', userStateId: 'state', ...target },
    outcome: 'applied',
    before: stateOf(number - 1),
    after: stateOf(number),
  };
}

const numbersOf = (items: readonly Activity[]) => items.map(({ requestId }) => Number(requestId));

/** Waits until the latest activity is stored: a list waits for a second at most. */
const untilStored = (log: ActivityLog, last: number) =>
  expect.poll(async () => numbersOf((await log.list({}, undefined)).items)[0], slowly).toBe(last);

/** All pages of a list. */
async function pagesOf(log: ActivityLog, filter: ActivityFilter = {}): Promise<readonly (readonly number[])[]> {
  const pages: (readonly number[])[] = [];
  let cursor: string | undefined;
  do {
    const page = await log.list(filter, cursor);
    pages.push(numbersOf(page.items));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

describeWithRedis('the activities in Redis', () => {
  const server = useRedis('test');
  const opened: { readonly close: () => Promise<void> }[] = [];
  let dropped = 0;
  let unreadable = 0;
  afterEach(async () => {
    server.resume();
    for (const each of opened.splice(0)) await each.close();
    dropped = 0;
    unreadable = 0;
  });

  async function open(retentionMs = 3_600_000, own = secrets): Promise<ActivityLog> {
    const redis = await connectRedis(server.url);
    const store = createRedisActivityStore(redis, {
      secrets: own,
      retentionMs,
      onDropped: () => dropped++,
      onUnreadable: () => unreadable++,
    });
    opened.push(store, redis);
    return createActivityLog(store, cursors);
  }

  test('is that of all replicas, newest first, with the values before and after', async () => {
    const [one, two] = [await open(), await open()];
    one.record(write(1));
    expect(numbersOf((await one.list({}, undefined)).items)).toEqual([1]);
    two.record(write(2));
    const { items, nextCursor } = await two.list({}, undefined);
    expect(nextCursor).toBeUndefined();
    expect(numbersOf(items)).toEqual([2, 1]);
    expect(items[0]).toEqual({
      at: expect.any(String) as string,
      actor: { oid: 'person', name: 'Canary Name' },
      action: 'update',
      scriptKind: 'deviceShellScript',
      scriptId: 'script',
      userStateId: 'state',
      before: stateOf(1),
      after: stateOf(2),
      outcome: 'applied',
      requestId: '2',
    });
    two.record({ ...write(3), outcome: 'unchanged' });
    expect(numbersOf((await two.list({}, undefined)).items)).toEqual([2, 1]);
  });

  test('is read page by page, by script, state, job and kind', async () => {
    const log = await open();
    const kinds: readonly ScriptKind[] = ['deviceShellScript', 'deviceManagementScript'];
    const targetOf = (number: number) => ({
      scriptKind: kinds[number % 2] ?? '',
      scriptId: `Script-${number % 4}`,
      userStateId: `State-${number % 8}`,
    });
    for (let number = 0; number < 960; number++) log.record(write(number, targetOf(number), `job-${number % 3}`));
    await untilStored(log, 959);
    const selected = (isIn: (number: number) => boolean) =>
      Array.from({ length: 960 }, (_, number) => 959 - number).filter(isIn);
    const scriptKind = 'deviceShellScript';
    for (const [filter, isIn] of [
      [{}, () => true],
      [{ scriptKind }, (number) => number % 2 === 0],
      [{ scriptKind, scriptId: 'script-2' }, (number) => number % 4 === 2],
      [{ scriptKind, scriptId: 'script-2', userStateId: 'STATE-6' }, (number) => number % 8 === 6],
      [{ jobId: 'job-1' }, (number) => number % 3 === 1],
      [{ jobId: 'job-1', scriptKind, scriptId: 'script-2' }, (number) => number % 12 === 10],
      [{ jobId: 'other' }, () => false],
      [{ scriptKind: 'deviceManagementScript', scriptId: 'script-2' }, () => false],
    ] as const satisfies readonly (readonly [ActivityFilter, (number: number) => boolean])[]) {
      const pages = await pagesOf(log, filter);
      expect(pages.flat(), JSON.stringify(filter)).toEqual(selected(isIn));
      expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(100);
    }
  });

  test('reads a limited number of entries for each page, which can be empty', async () => {
    const log = await open();
    log.record(write(0, { userStateId: 'rare' }));
    for (let number = 1; number <= 2_500; number++) log.record(write(number));
    const filter = { scriptKind: 'deviceShellScript', scriptId: 'script', userStateId: 'rare' };
    await untilStored(log, 2_500);
    expect(await pagesOf(log, filter)).toEqual([[], [0]]);
  });

  test('contains no readable name, and its keys expire', async () => {
    const log = await open();
    log.record(write(1, {}, 'job'));
    await log.list({}, undefined);
    const { inspect } = server;
    const keys = (await inspect.keys('*')).filter((key) => key.includes(':activity'));
    expect(keys).toHaveLength(4);
    for (const key of keys) {
      expect(await inspect.pTTL(key)).toBeGreaterThan(0);
      if ((await inspect.type(key)) !== 'stream') continue;
      expect(JSON.stringify(await inspect.xRange(key, '-', '+'))).not.toMatch(/canary|person/i);
    }
  });

  test('leaves out activities that cannot be opened', async () => {
    (await open(3_600_000, ['another-secret-for-tests-of-activity'])).record(write(1));
    const log = await open();
    await expect.poll(async () => (await log.list({}, undefined)).items.length + unreadable, slowly).toBeGreaterThan(0);
    log.record(write(2));
    expect(numbersOf((await log.list({}, undefined)).items)).toEqual([2]);
  });

  test('leaves out, and removes, activities that are too old', async () => {
    const log = await open(200);
    log.record(write(1));
    await expect.poll(async () => (await log.list({}, undefined)).items, slowly).toEqual([]);
    await expect.poll(async () => (await server.inspect.keys('*:activity*')).length, slowly).toBe(0);
  });

  test('is stored once when Redis is back, whether or not it has run the command without a reply', async () => {
    const log = await open();
    log.record(write(1));
    await log.list({}, undefined);
    server.pause();
    log.record(write(2));
    await expect(log.list({}, undefined)).rejects.toMatchObject({ reason: 'OVERLOADED' });
    server.resume();
    await expect.poll(() => pagesOf(log).catch(() => undefined), slowly).toEqual([[2, 1]]);
    await server.stop();
    log.record(write(3));
    await server.start();
    await expect.poll(() => pagesOf(log).catch(() => undefined), slowly).toEqual([[3, 2, 1]]);
  });

  test('drops what exceeds its memory while Redis is unavailable', async () => {
    const log = await open();
    await server.stop();
    for (let number = 0; number < 12_000; number++) log.record(write(number));
    expect(dropped).toBe(1);
    await server.start();
    await expect.poll(async () => (await pagesOf(log).catch(() => [])).flat().length, slowly).toBe(10_000);
  });

  test('a service shows the writes of another one, and of one that was restarted', async () => {
    const start = async () => {
      const service = await startTestService({ REDIS_URL: server.url });
      await untilReady(service.address);
      return service;
    };
    const [one, two] = [await start(), await start()];
    const [known] = await manyStates(one, 1);
    const target = known?.target ?? expect.fail('no state');
    const expected = { errorDeviceCount: known?.state.errorDeviceCount };
    await one.client.scriptUserState.update.mutate({ ...target, patch: { successDeviceCount: 77 }, expected });
    const read = async () => (await two.client.activity.list.query(target)).items;
    await expect.poll(read, slowly).toHaveLength(1);
    expect(await read()).toMatchObject([{ before: known?.state, after: { successDeviceCount: 77 } }]);
    await one.client.scriptUserState.update.mutate({ ...target, patch: { successDeviceCount: 78 } });
    await one.stop();
    expect(await read()).toMatchObject([{ after: { successDeviceCount: 78 } }, { after: { successDeviceCount: 77 } }]);
    await two.stop();
  });
});
