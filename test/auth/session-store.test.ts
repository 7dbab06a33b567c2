import { promisify } from 'node:util';
import type { SessionData } from 'express-session';
import { expect, test, vi } from 'vitest';
import { MemorySessionStore } from '../../src/auth/memory-session-store.js';
import type { SessionStore } from '../../src/auth/session-store.js';
import { describeMemoryAndRedis } from '../support/memory-and-redis.js';

const session = (oid: string, more: object = {}): SessionData =>
  ({
    cookie: {},
    signedIn: {
      oid,
      name: '',
      roles: [],
      sid: `sid of ${oid}`,
      logoutHint: null,
      endsAt: Date.now() + 60_000,
      ...more,
    },
  }) as unknown as SessionData;

/** The user of an active session. */
const userOf = (oid: string) => ({ oid, endsAt: Date.now() + 60_000 });

/** Wraps a store's methods in promises, and records the ids of the sessions that it ends. */
function open(store: SessionStore) {
  const ended: string[] = [];
  store.on('ended', (id: string) => ended.push(id));
  return {
    store,
    ended,
    get: (id: string) =>
      new Promise<SessionData | null | undefined>((resolve, reject) => {
        store.get(id, (error: unknown, data) => (error ? reject(error) : resolve(data)));
      }),
    set: (id: string, data: SessionData) => promisify(store.set.bind(store))(id, data),
    destroy: (id: string) => promisify(store.destroy.bind(store))(id),
  };
}

describeMemoryAndRedis('a session store', ({ sessions }) => {
  test('keeps a session until it is ended', async () => {
    const { store, ended, get, set, destroy } = open(sessions());
    expect(await get('one')).toBeNull();
    await set('one', session('person one'));
    expect(await get('one')).toMatchObject({ signedIn: { oid: 'person one' } });
    expect(await store.isLive('one')).toBe(true);
    await destroy('one');
    expect(await get('one')).toBeNull();
    expect(await store.isLive('one')).toBe(false);
    expect(ended).toEqual(['one']);
  });

  test('updates the user of a session, and keeps its end', async () => {
    const { store, get, set, destroy } = open(sessions());
    await set('updated', session('person six'));
    const user = (await store.read('updated')) ?? expect.fail('no session');
    const before = await store.idleEndsAt('updated', user);
    expect(before).toBeGreaterThan(Date.now());
    expect(before).toBeLessThanOrEqual(Date.now() + 60_000);
    await store.update('updated', { ...user, roles: ['reader'] });
    expect(await get('updated')).toMatchObject({ cookie: {}, signedIn: { oid: 'person six', roles: ['reader'] } });
    expect(await store.idleEndsAt('updated', user)).toBe(before);
    await destroy('updated');
    await store.update('updated', user);
    expect(await get('updated')).toBeNull();
    expect(await store.read('updated')).toBeUndefined();
    expect(await store.lastUsedAt('updated', user)).toBeUndefined();
  });

  test('does not revive an ended session on extend', async () => {
    const { store, get, set, destroy } = open(sessions());
    await set('two', session('person two'));
    await destroy('two');
    await store.extend('two', userOf('person two'));
    expect(await get('two')).toBeNull();
    expect(await store.isLive('two')).toBe(false);
  });

  test('ends an idle session, and keeps an active one', async () => {
    const { store, set } = open(sessions(2_000));
    await set('idle', session('person three'));
    await set('active', session('person four'));
    const isIdleLive = async () => {
      await store.extend('active', userOf('person four'));
      return store.isLive('idle');
    };
    await expect.poll(isIdleLive, { timeout: 10_000 }).toBe(false);
    expect(await store.isLive('active')).toBe(true);
  });

  test('ends a session at its absolute end', async () => {
    const { store, set } = open(sessions());
    await set('old', session('person five', { endsAt: Date.now() + 300 }));
    expect(store.lifetimeMs({ endsAt: Date.now() + 300 })).toBeLessThanOrEqual(300);
    expect(store.lifetimeMs({ endsAt: Date.now() - 1 })).toBe(0);
    await expect.poll(() => store.isLive('old')).toBe(false);
  });

  test('ends all sessions of one provider session', async () => {
    const { store, ended, set } = open(sessions());
    await set('a', session('person six', { sid: 'same' }));
    await set('b', session('person six', { sid: 'same' }));
    await set('c', session('person six', { sid: 'another' }));
    expect(await store.endBySid('same')).toBe(2);
    expect(await store.endBySid('same')).toBe(0);
    expect(await store.endBySid('')).toBe(0);
    expect(new Set(ended)).toEqual(new Set(['a', 'b']));
    expect(await store.isLive('c')).toBe(true);
  });

  test('limits the sessions of one user without ending those of others', async () => {
    const { store, set } = open(sessions());
    await set('admin', session('admin'));
    for (let count = 0; count < 25; count++) await set(`other-${count}`, session('other'));
    const live = await Promise.all(Array.from({ length: 25 }, (_each, count) => store.isLive(`other-${count}`)));
    expect(live).toEqual(Array.from({ length: 25 }, (_each, count) => count >= 15));
    expect(await store.isLive('admin')).toBe(true);
  });

  test('ends the least recently used session of a user first', async () => {
    const { store, set } = open(sessions());
    for (let count = 0; count < 10; count++) await set(`own-${count}`, session('person eight'));
    await store.extend('own-0', userOf('person eight'));
    await set('own-10', session('person eight'));
    expect([await store.isLive('own-0'), await store.isLive('own-1')]).toEqual([true, false]);
  });

  test('returns copies: a request cannot change the stored session', async () => {
    const { get, set } = open(sessions());
    await set('mine', session('person seven'));
    Object.assign((await get('mine')) ?? {}, { signedIn: { oid: 'another user' } });
    expect(await get('mine')).toMatchObject({ signedIn: { oid: 'person seven' } });
  });
});

test('the memory store ends the least recently used session when it is full', async () => {
  const { store, ended, set } = open(new MemorySessionStore(60_000, 2));
  await set('first', session('a'));
  await set('second', session('b'));
  await store.extend('first', userOf('a'));
  await set('third', session('c'));
  expect(ended).toEqual(['second']);
  expect(await store.isLive('first')).toBe(true);
});

test('the memory store visits no other sessions to start, extend or end one of 10,000', async () => {
  const { store, set, get, destroy } = open(new MemorySessionStore(60_000));
  const user = (count: number) => session(`user ${count % 2_000}`, { sid: `sid ${count}` });
  for (let count = 0; count < 10_000; count++) await set(`id ${count}`, user(count));
  const steps = [new Map().keys(), new Set().keys()].map((iterator: object) =>
    vi.spyOn(Object.getPrototypeOf(iterator) as Iterator<unknown>, 'next'),
  );
  try {
    await set('id 10000', user(10_000));
    await set('id 10001', user(1));
    expect(await get('id 10001')).toMatchObject({ signedIn: { oid: 'user 1' } });
    await store.extend('id 10001', userOf('user 1'));
    await destroy('id 10001');
    expect(await store.endBySid('sid 9999')).toBe(1);
    expect(await store.endBySid('none')).toBe(0);
    expect(steps.reduce((sum, { mock }) => sum + mock.calls.length, 0)).toBeLessThan(50);
  } finally {
    for (const step of steps) step.mockRestore();
  }
});
