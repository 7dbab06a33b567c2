import { describe, expect, test } from 'vitest';
import { parseRedisUrl } from '../../src/redis/address.js';

const defaults = { primaryName: undefined, tls: false, database: 0, credentials: {}, sentinelCredentials: {} };

describe('REDIS_URL', () => {
  test.each([
    ['redis://redis', { nodes: [{ host: 'redis', port: 6379 }] }],
    ['redis://redis:80/', { nodes: [{ host: 'redis', port: 80 }] }],
    ['redis://[::1]:7000', { nodes: [{ host: '::1', port: 7000 }] }],
    ['redis://[fd00::12]/3', { nodes: [{ host: 'fd00::12', port: 6379 }], database: 3 }],
    [
      'rediss://user:p%40ss:word@redis:6380/1',
      {
        nodes: [{ host: 'redis', port: 6380 }],
        tls: true,
        database: 1,
        credentials: { username: 'user', password: 'p@ss:word' },
      },
    ],
    ['redis://:secret@redis', { nodes: [{ host: 'redis', port: 6379 }], credentials: { password: 'secret' } }],
    [
      'redis+sentinel://one,[::2]:7001,three:7002/primary',
      {
        nodes: [
          { host: 'one', port: 26_379 },
          { host: '::2', port: 7001 },
          { host: 'three', port: 7002 },
        ],
        primaryName: 'primary',
      },
    ],
    [
      'rediss+sentinel://user:secret@one:7001/primary/2?sentinelUser=watch&sentinelPassword=a%26b',
      {
        nodes: [{ host: 'one', port: 7001 }],
        primaryName: 'primary',
        tls: true,
        database: 2,
        credentials: { username: 'user', password: 'secret' },
        sentinelCredentials: { username: 'watch', password: 'a&b' },
      },
    ],
  ])('%s', (url, expected) => {
    expect(parseRedisUrl(url)).toEqual({ ...defaults, ...expected });
  });
});
