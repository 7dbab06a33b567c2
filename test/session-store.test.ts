import { promisify } from 'node:util';
import type { SessionData } from 'express-session';
import { expect, test } from 'vitest';
import { MemorySessionStore } from '../src/auth/memory-session-store.js';
import type { SessionStore } from '../src/auth/session-store.js';
import { describeBothForms } from './support/both-forms.js';

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

describeBothForms('sessions', ({ sessions }) => {
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
    await store.extend('two', 60_000);
    expect(await get('two')).toBeNull();
    expect(await store.isLive('two')).toBe(false);
  });

  test('end when nobody is active for too long, and last on when somebody is', async () => {
    const { store, set } = open(sessions(300));
    await set('idle', session('person three'));
    await set('active', session('person four'));
    await store.extend('active', 60_000);
    await expect.poll(() => store.isLive('idle')).toBe(false);
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
  await store.extend('first', 60_000);
  await set('third', session('c'));
  expect(ended).toEqual(['second']);
  expect(await store.isLive('first')).toBe(true);
});
