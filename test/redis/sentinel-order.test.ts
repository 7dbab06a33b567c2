import { setImmediate as immediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectRedis, describeWithRedis } from '../support/redis.js';
import { startSentinel } from '../support/sentinel.js';

describeWithRedis('commands to a Redis that Sentinel monitors', () => {
  test('run in the order in which they are sent', async ({ onTestFinished }) => {
    const sentinel = await startSentinel('bff:a-password', 'another-password');
    onTestFinished(() => sentinel.close());
    const redis = await connectRedis(sentinel.url);
    onTestFinished(() => redis.close());
    const key = 'script-state-bff:order';
    const count = 300;
    const sent: Promise<unknown>[] = [];
    for (let index = 0; index < count; index++) {
      sent.push(
        redis.run((commands) => commands.zAdd(key, { score: index, value: String(index) }, { condition: 'NX' })),
      );
      sent.push(
        redis.run((commands) =>
          commands.eval(`return redis.call('RPUSH', KEYS[1], ARGV[1])`, {
            keys: [`${key}:list`],
            arguments: [String(index)],
          }),
        ),
      );
      // Some of the commands are sent while others are in flight, and some while none is.
      if (index % 3 === 0) await immediate();
      if (index % 50 === 0) await Promise.all(sent);
    }
    await Promise.all(sent);
    const list = redis.run<unknown>((commands) =>
      commands.eval(`return redis.call('LRANGE', KEYS[1], 0, -1)`, { keys: [`${key}:list`], arguments: [] }),
    );
    expect(await list).toEqual(Array.from({ length: count }, (_, index) => String(index)));
  });
});
