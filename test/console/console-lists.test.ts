import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../support/chromium.js';
import { type Site, startSite } from '../support/console.js';
import { type Case, expectFailure, rowOf, script } from '../support/console-faults.js';

/** How a list can fail, and where it is asked for. */
const lists: Case[] = [
  [
    'GRAPH_PERMISSION_MISSING',
    { fault: 'forbidden-application', path: '/deviceManagementScripts' },
    'A permission is missing',
    'An Intune administrator has to grant what is named here. Then try again.',
  ],
  [
    'GRAPH_UNAVAILABLE',
    { fault: 'server-error', path: '/userRunStates' },
    'Microsoft Graph can not be reached',
    'Try again in a few minutes.',
  ],
  [
    'GRAPH_TIMEOUT',
    { fault: 'stall', path: '/deviceRunStates' },
    'Microsoft Graph did not answer in time',
    'Try again in a moment.',
  ],
];

describeInChromium('the console, when a list fails or is empty', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterEach(async () => {
    await site.simulator.reset();
    expect(site.complaints).toEqual([]);
  });
  afterAll(() => site.stop());

  test.each(lists)('a list that ends as %s of %o', async (reason, fault, ...words) => {
    const desk = await site.desk();
    const { page, choose, open } = desk;
    await site.simulator.fault({ ...fault, method: 'GET', times: 'always' });
    await open();
    if (fault.path !== '/deviceManagementScripts') await choose('PowerShell', script);
    if (fault.path === '/deviceRunStates') await page.getByRole('button', { name: 'amir.zielinski' }).first().click();
    const where = page.locator('section[aria-label=Scripts], main, [role=dialog]').filter({ hasText: words[0] ?? '' });
    await expectFailure(site, where, reason, ...words);
    await desk.expectAccessible();
    await site.simulator.reset();
    await where.getByRole('button', { name: 'Try again' }).click();
    const shown = {
      '/deviceManagementScripts': page.getByRole('option', { name: script, exact: true }),
      '/userRunStates': page.getByRole('row', { name: /amir\.zielinski/ }),
      '/deviceRunStates': page.getByRole('table', { name: /Devices of amir/ }),
    };
    await shown[fault.path as keyof typeof shown].waitFor();
    await page.getByText(words[0] ?? '').waitFor({ state: 'detached' });
  });

  test('where there is nothing to show, the page says so', async () => {
    const desk = await site.desk();
    const { page, open, choose } = desk;
    await open();
    await choose('PowerShell', script);
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('nobody is called this');
    await page.getByText('Nobody fits what you look for.').waitFor();
    await page.getByText('0 of 8 people').waitFor();
    await desk.expectAccessible();
    await page.getByRole('button', { name: 'Show everybody' }).click();
    await rowOf(page).waitFor();
    await page.getByRole('searchbox', { name: 'Find a script' }).fill('no script is called this');
    await page.getByText('No script is called that.').waitFor();
    await page.getByText('0 of 100 scripts').waitFor();
    await desk.expectAccessible();
  });

  test('a script that nobody has run says so', async () => {
    const desk = await site.desk();
    const { page, open } = desk;
    const { client } = site.service;
    const scriptKind = 'deviceManagementScript';
    const { items } = await client.script.list.query({ scriptKind });
    for (const { id: scriptId } of items) {
      const states = await client.scriptUserState.list.query({ scriptKind, scriptId });
      if (states.items.length > 0) continue;
      await open(`/?script=${scriptId}`);
      break;
    }
    await page.getByText('This script has not reported for anybody yet.').waitFor();
    expect(await page.getByRole('grid').count()).toBe(0);
    await desk.expectAccessible();
  });
});
