import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { AppRouter } from '../../src/contract.js';
import { describeInChromium } from '../support/chromium.js';
import { type Site, startSite } from '../support/console.js';
import { type Case, edit, expectFailure } from '../support/console-faults.js';

/** Every reason for which Graph can keep a change from being made. */
const refusals: Case[] = [
  [
    'GRAPH_NOT_FOUND',
    { fault: 'not-found' },
    'It is not there any more',
    'It may have been deleted in Intune. Refresh the list.',
  ],
  [
    'GRAPH_REJECTED',
    { fault: 'rejected' },
    'Microsoft Graph refused the values',
    'Check them against the explanation and save again.',
    'One or more of the values are not acceptable',
  ],
  [
    'GRAPH_ROUTE_NOT_IMPLEMENTED',
    { fault: 'route-not-implemented' },
    'This tenant can not do that',
    'Microsoft Intune does not offer this operation here. Trying again will not help.',
  ],
  [
    'GRAPH_PERMISSION_MISSING',
    { fault: 'forbidden-application' },
    'A permission is missing',
    'An Intune administrator has to grant what is named here. Then try again.',
    'Missing: DeviceManagementScripts.ReadWrite.All, DeviceManagementConfiguration.ReadWrite.All',
  ],
  [
    'GRAPH_PERMISSION_MISSING',
    { fault: 'forbidden-user' },
    'A permission is missing',
    'An Intune administrator has to grant what is named here. Then try again.',
  ],
  [
    'CONFLICT',
    { fault: 'conflict' },
    'Somebody else changed it',
    'Refresh the list, look at what is there now, and decide again.',
  ],
  [
    'THROTTLED',
    { fault: 'throttled', delayMs: 17_000 },
    'Microsoft Graph is busy',
    'Nothing is wrong with the change. Wait a moment and try again.',
  ],
  [
    'GRAPH_UNAVAILABLE',
    { fault: 'unavailable', delayMs: 17_000 },
    'Microsoft Graph can not be reached',
    'Nothing was changed. Try again in a few minutes.',
  ],
  [
    'GRAPH_PROTOCOL',
    { fault: 'redirect' },
    'Microsoft Graph gave an answer that makes no sense',
    "Try again. If it stays, tell the service's operators the request id.",
  ],
  [
    'CREDENTIAL_UNAVAILABLE',
    { fault: 'token-expired' },
    'The service has no access to Microsoft Graph',
    "Tell the service's operators; the request id helps them.",
  ],
];

describeInChromium('the console, when something goes wrong', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterEach(async () => {
    await site.simulator.reset();
    expect(site.complaints).toEqual([]);
  });
  afterAll(() => site.stop());

  test.each(refusals)('an edit that ends as %s of %o', async (reason, fault, ...words) => {
    const desk = await edit(await site.desk());
    const { dialog, field, before, typed, click, shows, saves } = desk;
    await site.simulator.fault({ ...fault, method: 'PATCH', times: 'always' });
    await click('Save');
    await expectFailure(site, dialog, reason, ...words);
    await shows(before);
    expect(await field.inputValue()).toBe(typed);
    await desk.expectAccessible();
    await site.simulator.reset();
    await saves('Send again');
  });

  test('a service that has too much to do says so', async () => {
    const busy = await startSite({ GRAPH_DEADLINE_MS: '60000' });
    const over = new AbortController();
    try {
      const desk = await edit(await busy.desk());
      const { dialog, field, before, typed, click, shows, saves } = desk;
      await busy.simulator.fault({ fault: 'stall', times: 'always', method: 'GET' });
      // One person may have 1000 calls under way: the one after them is refused at once.
      const url = `${busy.service.address}/trpc`;
      const links = [httpBatchLink({ url, headers: { 'x-csrf': '1' }, maxItems: 20 })];
      const { scriptUserState } = createTRPCClient<AppRouter>({ links });
      const target = { scriptKind: 'deviceShellScript', scriptId: 'any', userStateId: 'any' } as const;
      const calls = Array.from({ length: 1020 }, () => scriptUserState.get.query(target, { signal: over.signal }));
      const ended = Promise.allSettled(calls);
      await expect(Promise.race(calls)).rejects.toMatchObject({ data: { reason: 'OVERLOADED' } });
      await click('Save');
      await expectFailure(
        busy,
        dialog,
        'OVERLOADED',
        'The service has too much to do',
        'Nothing was sent. Wait a moment and try again.',
      );
      await shows(before);
      expect(await field.inputValue()).toBe(typed);
      await desk.expectAccessible();
      over.abort();
      await ended;
      await busy.simulator.reset();
      await expect.poll(() => busy.service.lines({ reason: 'CLIENT_CLOSED' }).length).toBe(1000);
      await saves('Send again');
      expect(busy.complaints).toEqual([]);
    } finally {
      over.abort();
      await busy.stop();
    }
  });
});
