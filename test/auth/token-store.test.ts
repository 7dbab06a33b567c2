import { expect, test } from 'vitest';
import { describeMemoryAndRedis } from '../support/memory-and-redis.js';

const tokens = (accessToken: string) => ({
  accessToken,
  expiresAt: Date.now() + 60_000,
  refreshToken: undefined,
  subject: 'somebody',
});

describeMemoryAndRedis('a token store', ({ tokens: create }) => {
  test('keeps the tokens and claims of a session until they are deleted', async () => {
    const store = create();
    await store.put('one', tokens('first'), 60_000);
    await store.put('two', tokens('other'), 60_000);
    await store.putClaims('one', '{"claim":true}', 60_000);
    expect(await store.get('one')).toMatchObject({ accessToken: 'first', subject: 'somebody' });
    expect(await store.claims('one')).toBe('{"claim":true}');
    await store.delete('one');
    expect(await store.get('one')).toBeUndefined();
    expect(await store.claims('one')).toBeUndefined();
    expect(await store.get('two')).toMatchObject({ accessToken: 'other' });
  });

  test('replaces tokens, unless their session has ended', async () => {
    const store = create();
    await store.put('three', tokens('before'), 60_000);
    expect(await store.replace('three', tokens('after'))).toBe(true);
    expect(await store.get('three')).toMatchObject({ accessToken: 'after' });
    await store.delete('three');
    expect(await store.replace('three', tokens('too late'))).toBe(false);
    expect(await store.get('three')).toBeUndefined();
  });

  test('lets one caller at a time hold the lock of a session', async () => {
    const store = create();
    const order: string[] = [];
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = store.withSessionLock('locked', async () => {
      order.push('first starts');
      await gate;
      order.push('first ends');
      throw new Error('first fails');
    });
    await expect.poll(() => order).toEqual(['first starts']);
    const second = store.withSessionLock('locked', async () => order.push('second'));
    await store.withSessionLock('other', async () => order.push('other'));
    release();
    await expect(first).rejects.toThrow('first fails');
    await second;
    expect(order).toEqual(['first starts', 'other', 'first ends', 'second']);
  });

  test('does not restore deleted tokens on extend', async () => {
    const store = create();
    await store.extend('nobody', 60_000);
    expect(await store.get('nobody')).toBeUndefined();
  });
});
