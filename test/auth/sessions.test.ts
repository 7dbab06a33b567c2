import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestService, type TestService } from '../support/service.js';
import { visit, visitSignedIn } from '../support/visitor.js';

const [first, second] = ['the-first-secret-of-32-characters-', 'the-second-secret-of-32-characters'];
const listing = { scriptKind: 'deviceShellScript' };
const minute = 60_000;
const nobody = { status: 401, reason: 'SIGN_IN_REQUIRED' };

let service: TestService;

beforeAll(async () => {
  service = await startTestService({
    SIGN_IN: 'oidc',
    SESSION_SECRET: `${first},${second}`,
    SESSION_IDLE_MINUTES: '30',
    SESSION_MAX_HOURS: '1',
  });
});
afterEach(() => void vi.useRealTimers());
afterAll(() => service.stop());

const signedIn = (person?: string) => visitSignedIn(service, person);

describe('a session', () => {
  type Call = readonly [procedure: string, input?: object];
  const poll: Call = ['session.current'];
  const read: Call = ['script.list', listing];

  // Minutes since the sign-in, and the call that comes then.
  test.each<[string, boolean, readonly (readonly [number, Call])[]]>([
    ['ends when nobody has been there for long enough', false, [[30, poll]]],
    ['lasts until then', true, [[29.9, poll]]],
    [
      'is kept by calls',
      true,
      [
        [29, read],
        [58, poll],
      ],
    ],
    [
      'ends at the latest after its time, whoever is there',
      false,
      [
        [25, read],
        [50, read],
        [60, read],
      ],
    ],
    [
      'lasts until that time',
      true,
      [
        [25, read],
        [50, read],
        [59.9, read],
      ],
    ],
    [
      'is not kept by polls',
      false,
      [
        [29, poll],
        [31, poll],
      ],
    ],
    [
      'is not kept by polls that are batches',
      false,
      [
        [29, ['session.current?batch=1', { 0: {} }]],
        [31, poll],
      ],
    ],
    [
      'is not kept by batches of polls',
      false,
      [
        [29, ['session.current,session.current?batch=1', { 0: {}, 1: {} }]],
        [31, poll],
      ],
    ],
    [
      'is kept by a batch with a call in it',
      true,
      [
        [29, ['session.current,script.list?batch=1', { 0: {}, 1: listing }]],
        [31, poll],
      ],
    ],
  ])('%s', async (_, lasts, calls) => {
    const visitor = await signedIn();
    vi.useFakeTimers({ toFake: ['Date'] });
    const start = Date.now();
    const statuses: number[] = [];
    for (const [minutes, [procedure, input]] of calls) {
      vi.setSystemTime(start + minutes * minute);
      statuses.push((await visitor.call(procedure, input)).status);
    }
    expect(statuses).toEqual([...calls.slice(1).map(() => 200), lasts ? 200 : 401]);
  });

  test('says when it ends', async () => {
    const visitor = await signedIn();
    const { data } = await visitor.call('session.current');
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
    const [cookie] = (await signedIn()).cookies();
    expect(cookie).toBe(signed(idOf(cookie), first));
  });

  test.each<[string, boolean, (id: string, cookie: string) => string]>([
    ['signed with the secret before', true, (id) => signed(id, second)],
    ['signed with a secret that is gone', false, (id) => signed(id, 'x'.repeat(34))],
    ['signed with nothing', false, (id) => signed(id, '')],
    ['that is not signed', false, (id) => `session=${id}`],
    ['whose signature is left out', false, (id) => `session=s%3A${id}.`],
    ['whose signature is altered', false, (_, cookie) => `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`],
    ['whose id is altered', false, (id, cookie) => cookie.replace(id, `${id.slice(0, -1)}!`)],
    ['of another name', false, (_, cookie) => `__Host-${cookie}`],
  ])('%s is good: %s', async (_, good, change) => {
    const [cookie = ''] = (await signedIn()).cookies();
    const visitor = visit(service);
    const headers = { cookie: change(idOf(cookie), cookie) };
    expect(await visitor.call('script.list', listing, headers)).toMatchObject(good ? { status: 200 } : nobody);
  });
});
