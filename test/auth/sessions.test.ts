import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { useService } from '../support/service.js';
import { createSignedInUserAgent, createUserAgent } from '../support/user-agent.js';

const [first, second] = ['the-first-secret-of-32-characters-', 'the-second-secret-of-32-characters'];
const listing = { scriptKind: 'deviceShellScript' };
const minute = 60_000;
const unauthenticated = { status: 401, reason: 'SIGN_IN_REQUIRED' };

const service = useService({
  SIGN_IN: 'oidc',
  SESSION_SECRET: `${first},${second}`,
  SESSION_IDLE_MINUTES: '30',
  SESSION_MAX_HOURS: '1',
});
afterEach(() => void vi.useRealTimers());

const signIn = (account?: string) => createSignedInUserAgent(service, account);

describe('a session', () => {
  type Call = readonly [procedure: string, input?: object];
  const poll: Call = ['session.current'];
  const read: Call = ['script.list', listing];

  // Each call with its time, in minutes since the sign-in.
  test.each<[string, boolean, readonly (readonly [number, Call])[]]>([
    ['ends after the idle timeout', false, [[30, poll]]],
    ['lasts until the idle timeout', true, [[29.9, poll]]],
    [
      'is extended by calls',
      true,
      [
        [29, read],
        [58, poll],
      ],
    ],
    [
      'ends at its absolute end, despite activity',
      false,
      [
        [25, read],
        [50, read],
        [60, read],
      ],
    ],
    [
      'lasts until its absolute end',
      true,
      [
        [25, read],
        [50, read],
        [59.9, read],
      ],
    ],
    [
      'is not extended by polls',
      false,
      [
        [29, poll],
        [31, poll],
      ],
    ],
    [
      'is not extended by a batch of one poll',
      false,
      [
        [29, ['session.current?batch=1', { 0: {} }]],
        [31, poll],
      ],
    ],
    [
      'is not extended by a batch of polls',
      false,
      [
        [29, ['session.current,session.current?batch=1', { 0: {}, 1: {} }]],
        [31, poll],
      ],
    ],
    [
      'is not extended by what the console fetches of jobs by itself',
      false,
      [
        [29, ['updateJob.list', {}]],
        [29.5, ['session.current,updateJob.list?batch=1', { 0: {}, 1: {} }]],
        [31, poll],
      ],
    ],
    [
      'is extended by a batch with another call',
      true,
      [
        [29, ['session.current,script.list?batch=1', { 0: {}, 1: listing }]],
        [31, poll],
      ],
    ],
  ])('%s', async (_, lasts, calls) => {
    const agent = await signIn();
    vi.useFakeTimers({ toFake: ['Date'] });
    const start = Date.now();
    const statuses: number[] = [];
    for (const [minutes, [procedure, input]] of calls) {
      vi.setSystemTime(start + minutes * minute);
      statuses.push((await agent.call(procedure, input)).status);
    }
    expect(statuses).toEqual([...calls.slice(1).map(() => 200), lasts ? 200 : 401]);
  });

  test('reports its absolute end', async () => {
    const agent = await signIn();
    const { data } = await agent.call('session.current');
    const { expiresAt } = data as { expiresAt: string };
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 59 * minute);
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 60 * minute);
  });
});

describe('a session cookie', () => {
  const idOf = (cookie = '') => /^session=s%3A([\w-]+)\./.exec(cookie)?.[1] ?? '';
  const signed = (id: string, secret: string) =>
    `session=${encodeURIComponent(`s:${id}.${createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')}`)}`;

  test('is signed with the first secret', async () => {
    const [cookie] = (await signIn()).cookies();
    expect(cookie).toBe(signed(idOf(cookie), first));
  });

  test.each<[string, boolean, (id: string, cookie: string) => string]>([
    ['signed with the previous secret', true, (id) => signed(id, second)],
    ['signed with an unknown secret', false, (id) => signed(id, 'x'.repeat(34))],
    ['signed with an empty secret', false, (id) => signed(id, '')],
    ['without a signature', false, (id) => `session=${id}`],
    ['with an empty signature', false, (id) => `session=s%3A${id}.`],
    ['with a changed signature', false, (_, cookie) => `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`],
    ['with a changed id', false, (id, cookie) => cookie.replace(id, `${id.slice(0, -1)}!`)],
    ['under another name', false, (_, cookie) => `__Host-${cookie}`],
  ])('%s is valid: %s', async (_, isValid, change) => {
    const [cookie = ''] = (await signIn()).cookies();
    const agent = createUserAgent(service);
    const headers = { cookie: change(idOf(cookie), cookie) };
    expect(await agent.call('script.list', listing, headers)).toMatchObject(
      isValid ? { status: 200 } : unauthenticated,
    );
  });
});
