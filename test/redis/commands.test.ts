import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { grantCommand } from '../../src/redis/probe.js';

test('the permissions are those of the commands that the service and its scripts use', async () => {
  const folder = new URL('../../src/redis/', import.meta.url);
  const files = (await readdir(folder))
    .filter((name) => !['clients.ts', 'probe.ts'].includes(name))
    .map((name) => new URL(name, folder));
  const counter = createRequire(import.meta.url).resolve('rate-limiter-flexible/lib/RateLimiterRedis.js');
  const texts = await Promise.all([...files, counter].map((file) => readFile(file, 'utf8')));
  const used = texts.flatMap((text) =>
    [...text.matchAll(/redis\.p?call\(\s*'(\w+)'|\bcommands\.(\w+)\(/g)].map(
      ([, script, direct]) => script ?? direct ?? '',
    ),
  );
  const granted = grantCommand('user', 0)
    .split(' ')
    .flatMap((rule) => (rule.startsWith('+') ? [rule.slice(1)] : []));
  // The client sends PING by itself, and only a method of the client is called to subscribe.
  const all = [...used.map((name) => name.replace(/WithScores$/, '').toLowerCase()), 'ping', 'subscribe'];
  expect(granted).toEqual([...new Set(all)].toSorted());
});
