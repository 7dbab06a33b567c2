import { promisify } from 'node:util';
import type { SessionData } from 'express-session';
import { expect, test } from 'vitest';
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

/** What is known of somebody whose session is in use. */
const of = (oid: string) => ({ oid, endsAt: Date.now() + 60_000 });

/** The store with promises, and the ids of the sessions that have ended in it. */
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

describeMemoryAndRedis('sessions', ({ sessions }) => {
  test('are there until they are ended', async () => {
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

  test('that have ended are not revived by extending them', async () => {
    const { store, get, set, destroy } = open(sessions());
    await set('two', session('person two'));
    await destroy('two');
    await store.extend('two', of('person two'));
    expect(await get('two')).toBeNull();
    expect(await store.isLive('two')).toBe(false);
  });

  test('end when nobody is active for too long, and last on when somebody is', async () => {
    const { store, set } = open(sessions(2_000));
    await set('idle', session('person three'));
    await set('active', session('person four'));
    const isIdleLive = async () => {
      await store.extend('active', of('person four'));
      return store.isLive('idle');
    };
    await expect.poll(isIdleLive, { timeout: 10_000 }).toBe(false);
    expect(await store.isLive('active')).toBe(true);
  });

  test('never last longer than their absolute end', async () => {
    const { store, set } = open(sessions());
    await set('old', session('person five', { endsAt: Date.now() + 300 }));
    expect(store.lifetimeMs({ endsAt: Date.now() + 300 })).toBeLessThanOrEqual(300);
    expect(store.lifetimeMs({ endsAt: Date.now() - 1 })).toBe(0);
    await expect.poll(() => store.isLive('old')).toBe(false);
  });

  test('of one provider session end together, once', async () => {
    const { store, ended, set } = open(sessions());
    await set('a', session('person six', { sid: 'theirs' }));
    await set('b', session('person six', { sid: 'theirs' }));
    await set('c', session('person six', { sid: 'another' }));
    expect(await store.endBySid('theirs')).toBe(2);
    expect(await store.endBySid('theirs')).toBe(0);
    expect(await store.endBySid('')).toBe(0);
    expect(new Set(ended)).toEqual(new Set(['a', 'b']));
    expect(await store.isLive('c')).toBe(true);
  });

  test('of others are not pushed out by one person who signs in time and again', async () => {
    const { store, set } = open(sessions());
    await set('admin', session('admin'));
    for (let count = 0; count < 25; count++) await set(`other-${count}`, session('other'));
    const live = await Promise.all(Array.from({ length: 25 }, (_each, count) => store.isLive(`other-${count}`)));
    expect(live).toEqual(Array.from({ length: 25 }, (_each, count) => count >= 15));
    expect(await store.isLive('admin')).toBe(true);
  });

  test('of one person end in the order in which they were last used', async () => {
    const { store, set } = open(sessions());
    for (let count = 0; count < 10; count++) await set(`own-${count}`, session('person eight'));
    await store.extend('own-0', of('person eight'));
    await set('own-10', session('person eight'));
    expect([await store.isLive('own-0'), await store.isLive('own-1')]).toEqual([true, false]);
  });

  test('stay as they are, whatever a request does to its own', async () => {
    const { get, set } = open(sessions());
    await set('mine', session('person seven'));
    Object.assign((await get('mine')) ?? {}, { signedIn: { oid: 'somebody else' } });
    expect(await get('mine')).toMatchObject({ signedIn: { oid: 'person seven' } });
  });
});

test('when the memory is full, whoever was here least recently goes', async () => {
  const { store, ended, set } = open(new MemorySessionStore(60_000, 2));
  await set('first', session('a'));
  await set('second', session('b'));
  await store.extend('first', of('a'));
  await set('third', session('c'));
  expect(ended).toEqual(['second']);
  expect(await store.isLive('first')).toBe(true);
});
