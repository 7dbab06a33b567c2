import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { expect, test } from 'vitest';
import { describeFailure } from '../../src/console/failure.js';
import type { AppRouter } from '../../src/contract.js';
import { describeConsole, startConsole } from '../support/console.js';
import { edit, expectFailure, type FaultCase } from '../support/console-edit.js';

/** Every reason for which Graph does not make a change. */
const refusals: FaultCase[] = [
  [
    'GRAPH_NOT_FOUND',
    { fault: 'not-found' },
    'The script or state does not exist',
    'It may have been deleted in Intune. Refresh the list.',
  ],
  [
    'GRAPH_REJECTED',
    { fault: 'rejected' },
    'Microsoft Graph rejected the values',
    'Correct them as the message says, then save again.',
    'One or more of the values are not acceptable',
  ],
  [
    'GRAPH_ROUTE_NOT_IMPLEMENTED',
    { fault: 'route-not-implemented' },
    'This tenant does not support the operation',
    'Intune does not offer it here. Retrying does not help.',
  ],
  [
    'GRAPH_PERMISSION_MISSING',
    { fault: 'forbidden-application' },
    'A permission is missing',
    'Ask an administrator to grant the Microsoft Graph permission or the Intune role, then try again.',
    'Missing: DeviceManagementScripts.ReadWrite.All, DeviceManagementConfiguration.ReadWrite.All',
  ],
  [
    'GRAPH_PERMISSION_MISSING',
    { fault: 'forbidden-user' },
    'A permission is missing',
    'Ask an administrator to grant the Microsoft Graph permission or the Intune role, then try again.',
  ],
  [
    'CONFLICT',
    { fault: 'conflict' },
    'Microsoft Graph reports a conflict',
    'Refresh the list and check the current values before you try again.',
  ],
  [
    'THROTTLED',
    { fault: 'throttled', delayMs: 17_000 },
    'The request quota of Microsoft Graph is used up',
    'Wait a moment, then try again.',
  ],
  [
    'GRAPH_UNAVAILABLE',
    { fault: 'unavailable', delayMs: 17_000 },
    'Microsoft Graph is unavailable',
    'Nothing was changed. Try again in a few minutes.',
  ],
  [
    'GRAPH_PROTOCOL',
    { fault: 'redirect' },
    'Microsoft Graph sent an invalid response',
    "Try again. If the problem persists, give the service's operators the request ID.",
  ],
  [
    'CREDENTIAL_UNAVAILABLE',
    { fault: 'token-expired' },
    'The service cannot sign in to Microsoft Graph',
    "Give the service's operators the request ID.",
  ],
];

test('a conflict with the expected values shows the current ones', () => {
  const current = { id: 'a', successDeviceCount: 1000, errorDeviceCount: 2, userPrincipalName: null };
  const data = { code: 'CONFLICT', httpStatus: 409, reason: 'CONFLICT', requestId: 'r', current } as const;
  expect(describeFailure({ message: 'The state does not have the expected values.', data })).toEqual({
    reason: 'CONFLICT',
    title: 'The values have changed',
    next: 'The change was not applied. Check the current values before you try again.',
    detail: 'Microsoft Graph has 1,000 succeeded and 2 failed. There is no user principal name.',
    requestId: 'r',
    current,
  });
});

describeConsole('the console, when an edit fails', {}, (app) => {
  test('a change that Graph accepts but does not apply shows the current values', async () => {
    const session = await edit(await app.openSession());
    const { dialog, field, before, typed, click, rowShows, row, saves } = session;
    const { scriptUserState } = app.service.client;
    const scriptId = session.scriptId();
    const script = { scriptKind: 'deviceManagementScript', scriptId } as const;
    const { items } = await scriptUserState.list.query(script);
    const { id } = items.find((each) => each.userPrincipalName?.startsWith('amir.zielinski')) ?? expect.fail();
    await scriptUserState.update.mutate({ ...script, userStateId: id, patch: { successDeviceCount: 4321 } });
    await app.simulator.fault({ fault: 'ignored', method: 'PATCH', times: 'always' });
    await click('Save');
    await dialog.getByText('The values changed while you were editing').waitFor();
    await click('Apply to the new values');
    await expectFailure(
      app,
      dialog,
      'NOT_APPLIED',
      'Microsoft Graph did not apply the change',
      'It accepted the change but still shows other values. Intune may compute these values itself.',
      `Microsoft Graph has 4,321 succeeded and ${before} failed.`,
    );
    await rowShows(before);
    await row.getByText('4,321').waitFor();
    expect(await dialog.getByLabel('Devices succeeded').inputValue()).toBe('4321');
    expect(await field.inputValue()).toBe(typed);
    await session.expectAccessible();
    await app.simulator.reset();
    await saves('Send again');
  });

  test.each(refusals)('an edit that fails with %s after %o', async (reason, fault, ...texts) => {
    const session = await edit(await app.openSession());
    const { dialog, field, before, typed, click, rowShows, saves } = session;
    await app.simulator.fault({ ...fault, method: 'PATCH', times: 'always' });
    await click('Save');
    await expectFailure(app, dialog, reason, ...texts);
    await rowShows(before);
    expect(await field.inputValue()).toBe(typed);
    await session.expectAccessible();
    await app.simulator.reset();
    await saves('Send again');
  });

  test('an overloaded service', async () => {
    const busy = await startConsole({ GRAPH_DEADLINE_MS: '60000' });
    const controller = new AbortController();
    try {
      const session = await edit(await busy.openSession());
      const { dialog, field, before, typed, click, rowShows, saves } = session;
      await busy.simulator.fault({ fault: 'stall', times: 'always', method: 'GET' });
      // A user may have 1000 concurrent calls: further ones are rejected at once.
      const url = `${busy.service.address}/trpc`;
      const links = [httpBatchLink({ url, headers: { 'x-csrf': '1' }, maxItems: 20 })];
      const { scriptUserState } = createTRPCClient<AppRouter>({ links });
      const target = { scriptKind: 'deviceShellScript', scriptId: 'any', userStateId: 'any' } as const;
      const calls = Array.from({ length: 1020 }, () =>
        scriptUserState.get.query(target, { signal: controller.signal }),
      );
      const ended = Promise.allSettled(calls);
      await expect(Promise.race(calls)).rejects.toMatchObject({ data: { reason: 'OVERLOADED' } });
      await click('Save');
      await expectFailure(
        busy,
        dialog,
        'OVERLOADED',
        'The service is overloaded or restarting',
        'The change was not sent. Try again in a moment.',
      );
      await rowShows(before);
      expect(await field.inputValue()).toBe(typed);
      await session.expectAccessible();
      controller.abort();
      await ended;
      await busy.simulator.reset();
      await expect.poll(() => busy.service.lines({ reason: 'CLIENT_CLOSED' }).length).toBe(1000);
      await saves('Send again');
    } finally {
      controller.abort();
      await busy.stop();
    }
  });
});
