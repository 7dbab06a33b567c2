import { expect, test } from 'vitest';
import { describeMemoryAndRedis } from '../support/memory-and-redis.js';

const tokens = (accessToken: string) => ({
  accessToken,
  expiresAt: Date.now() + 60_000,
  refreshToken: undefined,
  subject: 'somebody',
});

describeMemoryAndRedis('tokens', ({ tokens: create }) => {
  test('are those of their session until they are dropped', async () => {
    const store = create();
    await store.put('one', tokens('first'), 60_000);
    await store.put('two', tokens('other'), 60_000);
    await store.putClaims('one', '{"wanted":true}', 60_000);
    expect(await store.get('one')).toMatchObject({ accessToken: 'first', subject: 'somebody' });
    expect(await store.claims('one')).toBe('{"wanted":true}');
    await store.delete('one');
    expect(await store.get('one')).toBeUndefined();
    expect(await store.claims('one')).toBeUndefined();
    expect(await store.get('two')).toMatchObject({ accessToken: 'other' });
  });

  test('that are renewed take the place of those before, unless their session has ended', async () => {
    const store = create();
    await store.put('three', tokens('before'), 60_000);
    expect(await store.replace('three', tokens('after'))).toBe(true);
    expect(await store.get('three')).toMatchObject({ accessToken: 'after' });
    await store.delete('three');
    expect(await store.replace('three', tokens('too late'))).toBe(false);
    expect(await store.get('three')).toBeUndefined();
  });

  test('are not brought back by extending them', async () => {
    const store = create();
    await store.extend('nobody', 60_000);
    expect(await store.get('nobody')).toBeUndefined();
  });
});
