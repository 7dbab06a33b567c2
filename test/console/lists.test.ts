import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { expectFailure, type FaultCase, rowOf, script } from '../support/console-edit.js';

/** Failures of each list. */
const lists: FaultCase[] = [
  [
    'GRAPH_PERMISSION_MISSING',
    { fault: 'forbidden-application', path: '/deviceManagementScripts' },
    'A permission is missing',
    'Ask an administrator to grant the Graph permission or the Intune role, then try again.',
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
    const where = page.locator('section[aria-label=Scripts], main, [role=dialog]').filter({ hasText: texts[0] ?? '' });
    await expectFailure(app, where, reason, ...texts);
    await session.expectAccessible();
    await app.simulator.reset();
    await where.getByRole('button', { name: 'Try again' }).click();
    const shown = {
      '/deviceManagementScripts': page.getByRole('option', { name: script, exact: true }),
      '/userRunStates': page.getByRole('row', { name: /amir\.zielinski/ }),
      '/deviceRunStates': page.getByRole('table', { name: /Devices of amir/ }),
    };
    await shown[fault.path as keyof typeof shown].waitFor();
    await page.getByText(texts[0] ?? '').waitFor({ state: 'detached' });
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
    await page.getByRole('searchbox', { name: 'Find a script' }).fill('no such script');
    await page.getByText('No scripts match').waitFor();
    await page.getByText('0 of 100 scripts').waitFor();
    await session.expectAccessible();
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
