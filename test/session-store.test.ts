import type { SessionData } from 'express-session';
import { beforeEach, expect, test } from 'vitest';
import { MemorySessionStore } from '../src/auth/memory-session-store.js';

const ended: string[] = [];

beforeEach(() => {
  ended.length = 0;
});

function createStore(max: number): MemorySessionStore {
  const store = new MemorySessionStore(60_000, max);
  return store.on('ended', (id: string) => ended.push(id));
}

const session = (oid: string): SessionData =>
  ({
    cookie: {},
    signedIn: { oid, name: '', roles: [], sid: oid, logoutHint: null, endsAt: Date.now() + 60_000 },
  }) as unknown as SessionData;

test('one person can not push others out by signing in time and again', () => {
  const store = createStore(1000);
  store.set('admin', session('admin'));
  for (let count = 0; count < 50; count++) store.set(`other-${count}`, session('other'));
  expect(ended).toHaveLength(40);
  expect(ended).not.toContain('admin');
});

test('when it is full, whoever was here least recently goes', async () => {
  const store = createStore(2);
  store.set('first', session('a'));
  store.set('second', session('b'));
  await store.extend('first', 60_000);
  store.set('third', session('c'));
  expect(ended).toEqual(['second']);
  expect(await store.isLive('first')).toBe(true);
});

test('what a request does to its session stays with the request', async () => {
  const store = createStore(2);
  store.set('id', session('a'));
  const seen: (string | undefined)[] = [];
  for (const name of ['changed', 'again']) {
    store.get('id', (_error, data) => {
      seen.push(data?.signedIn?.name);
      if (data) Object.assign(data, { signedIn: { ...data.signedIn, name } });
    });
  }
  expect(seen).toEqual(['', '']);
});

test('an ended session is not revived by extending it', async () => {
  const store = createStore(2);
  store.set('id', session('a'));
  expect(await store.endBySid('a')).toBe(1);
  await store.extend('id', 60_000);
  expect(await store.isLive('id')).toBe(false);
});
