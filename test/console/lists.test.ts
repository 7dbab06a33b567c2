import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { expectFailure, type FaultCase, rowOf, script } from '../support/console-edit.js';

/** Failures of each list. */
const lists: FaultCase[] = [
  [
    'GRAPH_PERMISSION_MISSING',
    { fault: 'forbidden-application', path: '/deviceManagementScripts' },
    'A permission is missing',
    'Ask an administrator to grant the Microsoft Graph permission or the Intune role, then try again.',
  ],
  [
    'GRAPH_UNAVAILABLE',
    { fault: 'server-error', path: '/userRunStates' },
    'Microsoft Graph is unavailable',
    'Try again in a few minutes.',
  ],
  [
    'GRAPH_TIMEOUT',
    { fault: 'stall', path: '/deviceRunStates' },
    'Microsoft Graph did not respond in time',
    'Try again in a moment.',
  ],
];

describeConsole('the console, when a list fails or is empty', {}, (app) => {
  test.each(lists)('a list that fails with %s after %o', async (reason, fault, ...texts) => {
    const session = await app.openSession();
    const { page, selectScript, open } = session;
    await app.simulator.fault({ ...fault, method: 'GET', times: 'always' });
    await open();
    if (fault.path !== '/deviceManagementScripts') await selectScript('PowerShell', script);
    if (fault.path === '/deviceRunStates') await page.getByRole('button', { name: 'amir.zielinski' }).first().click();
    const where = page.locator('main, [role=dialog]').filter({ hasText: texts[0] ?? '' });
    await expectFailure(app, where, reason, ...texts);
    // Only the text for a write states its outcome.
    expect(await where.innerText()).not.toContain('Nothing was changed.');
    await session.expectAccessible();
    await app.simulator.reset();
    await where.getByRole('button', { name: 'Try again' }).click();
    if (fault.path === '/deviceManagementScripts') {
      await page.getByRole('searchbox', { name: 'Find a script' }).fill(script);
    }
    const shown = {
      '/deviceManagementScripts': page.getByRole('link', { name: script, exact: true }),
      '/userRunStates': page.getByRole('row', { name: /amir\.zielinski/ }),
      '/deviceRunStates': page.getByRole('table', { name: /Devices of amir/ }),
    };
    await shown[fault.path as keyof typeof shown].waitFor();
    await page.getByText(texts[0] ?? '').waitFor({ state: 'detached' });
  });

  test('a list that meets the request quota says so, and continues by itself', async () => {
    const session = await app.openSession();
    const { page, selectScript, open } = session;
    await open();
    // A longer wait than the deadline of a call: the service passes it on.
    await app.simulator.fault({ fault: 'throttled', path: '/userRunStates', method: 'GET', delayMs: 6_000 });
    await selectScript('PowerShell', script);
    const notice = page.getByRole('main').getByText('The request quota of Microsoft Graph is used up');
    await notice.waitFor();
    await page.getByText('Loading continues automatically.').waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await session.expectAccessible();
    await page.getByRole('row', { name: /amir\.zielinski/ }).waitFor();
    await notice.waitFor({ state: 'detached' });
  });

  test('entries that cannot be read are counted', async () => {
    const session = await app.openSession();
    const { page, open, selectScript } = session;
    await app.simulator.fault(
      { fault: 'unreadable-entry', method: 'GET', path: '/deviceManagementScripts', times: 1 },
      { fault: 'unreadable-entry', method: 'GET', path: '/userRunStates', times: 1 },
      { fault: 'unreadable-entry', method: 'GET', path: '/deviceRunStates', times: 1 },
    );
    const notice = '1 entry could not be read. Microsoft Graph sent it in an unknown form, so it is missing here.';
    await open();
    await page.getByRole('main').getByText(notice).waitFor();
    await selectScript('PowerShell', script);
    await page.getByRole('grid').waitFor();
    await page.getByRole('main').getByText(notice).waitFor();
    await session.expectAccessible();
    await page
      .getByRole('grid')
      .getByRole('button', { name: /zielinski/ })
      .first()
      .click();
    await page.getByRole('dialog').getByText(notice).waitFor();
    await session.expectAccessible();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('main').getByText(notice).waitFor({ state: 'detached' });
  });

  test('devices have their names, or their ids where Graph has no names', async () => {
    const session = await app.openSession();
    const { page, open, selectScript } = session;
    const { client } = app.service;
    await open();
    await selectScript('PowerShell', script);
    const scriptId = session.scriptId();
    const target = { scriptKind: 'deviceManagementScript', scriptId } as const;
    const states = await client.scriptUserState.list.query(target);
    const amir = states.items.find((each) => each.userPrincipalName?.startsWith('amir.zielinski')) ?? expect.fail();
    const { items } = await client.deviceRunState.list.query({ ...target, userStateId: amir.id });
    const devices = page.getByRole('table').getByRole('row');
    const shown = async () => {
      await page.getByRole('grid').getByRole('button', { name: 'amir.zielinski' }).first().click();
      await devices.nth(items.length).waitFor();
      const rows = (await devices.all()).slice(1);
      return Promise.all(rows.map((row) => row.getByRole('cell').first().innerText()));
    };
    expect((await shown()).map((text) => text.split('\n')[0])).toEqual(items.map(({ device }) => device?.deviceName));
    await session.expectAccessible();
    await app.simulator.settings({ acceptExpand: false });
    await page.reload();
    await devices.nth(items.length).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await shown()).toEqual(items.map(({ id }) => id));
    await app.simulator.settings({ acceptExpand: true });
  });

  test('empty search results are explained', async () => {
    const session = await app.openSession();
    const { page, open, selectScript } = session;
    await open();
    await selectScript('PowerShell', script);
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('no such person');
    await page.getByText('No people match your filters').waitFor();
    await page.getByText('0 of 8 people').waitFor();
    await session.expectAccessible();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await rowOf(page).waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('searchbox', { name: 'Find a script' }).fill('no such script');
    await page.getByText('No scripts match your filters').waitFor();
    await page.getByText('0 of 300 scripts').waitFor();
    await session.expectAccessible();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByText('300 scripts', { exact: true }).waitFor();
  });

  test('a script without results is explained', async () => {
    const session = await app.openSession();
    const { page, open } = session;
    const { client } = app.service;
    const scriptKind = 'deviceManagementScript';
    const { items } = await client.script.list.query({ scriptKind });
    for (const { id: scriptId } of items) {
      const states = await client.scriptUserState.list.query({ scriptKind, scriptId });
      if (states.items.length > 0) continue;
      await open(`/?script=${scriptId}`);
      break;
    }
    await page.getByText('This script has no results yet.').waitFor();
    expect(await page.getByRole('grid').count()).toBe(0);
    await session.expectAccessible();
  });
});
