import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../support/chromium.js';
import { type Site, startSite } from '../support/console.js';
import { edit, expectFailure } from '../support/console-faults.js';

describeInChromium('the console, when nobody knows whether a change was made', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterEach(async () => {
    await site.simulator.reset();
    expect(site.complaints).toEqual([]);
  });
  afterAll(() => site.stop());

  const unknown = [
    'It is not known whether the change was made',
    'Look again before you send it once more: it may be there already.',
  ];

  test.each(['stall-applied', 'reset-applied'] as const)('nobody knows, and the change is there: %s', async (fault) => {
    const desk = await edit(await site.desk());
    const { dialog, before, typed, click, shows } = desk;
    await site.simulator.fault(
      { fault, method: 'PATCH', times: 'always' },
      { fault: 'stall', method: 'GET', times: 'always' },
    );
    await click('Save');
    if (fault === 'stall-applied') await shows(typed);
    await expectFailure(site, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await shows(before);
    expect(await dialog.getByRole('button', { name: /Save|Send/ }).count()).toBe(0);
    await desk.expectAccessible();

    await click('Look again');
    await expectFailure(site, dialog, 'GRAPH_TIMEOUT', 'Microsoft Graph did not answer in time');
    await desk.expectAccessible();
    await site.simulator.reset();
    await click('Look again');
    await dialog.getByText('The change is there').waitFor();
    await dialog.getByText(`${typed} failed. Nothing is left to do.`).waitFor();
    await shows(typed);
    expect((await site.simulator.journal()).filter(({ method }) => method === 'PATCH')).toEqual([]);
    await desk.expectAccessible();
    await click('Close');
    await dialog.waitFor({ state: 'detached' });
    await shows(typed);
  });

  test.each(['stall', 'reset'] as const)('nobody knows, and the change is not there: %s', async (fault) => {
    const desk = await edit(await site.desk());
    const { dialog, before, click, shows, saves } = desk;
    await site.simulator.fault({ fault, method: 'PATCH', times: 'always' });
    await click('Save');
    await expectFailure(site, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await site.simulator.reset();
    await click('Look again');
    await dialog.getByText('The change is not there').waitFor();
    await dialog.getByText(`${before} failed. It may still arrive; you can send it again.`).waitFor();
    await shows(before);
    await desk.expectAccessible();
    await saves('Send again');
  });

  test('what was found is what a later refusal goes back to', async () => {
    const desk = await edit(await site.desk());
    const { dialog, field, typed, click, shows } = desk;
    await site.simulator.fault(
      { fault: 'reset-applied', method: 'PATCH' },
      { fault: 'rejected', method: 'PATCH', times: 'always' },
      { fault: 'stall', method: 'GET', times: 'always' },
    );
    await click('Save');
    await expectFailure(site, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await site.simulator.reset();
    await click('Look again');
    await dialog.getByText('The change is there').waitFor();
    await site.simulator.fault({ fault: 'rejected', method: 'PATCH' });
    await field.fill('999');
    await click('Send again');
    await expectFailure(site, dialog, 'GRAPH_REJECTED', 'Microsoft Graph refused the values');
    await shows(typed);
  });

  test('what somebody else changed meanwhile is seen, and not undone', async () => {
    const desk = await edit(await site.desk());
    const { row, dialog, before, typed, click, saves } = desk;
    await site.simulator.fault({ fault: 'stall', method: 'PATCH', times: 'always' });
    await click('Save');
    await expectFailure(site, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await row.getByText('outcome not known').waitFor();
    await site.simulator.reset();
    const { scriptUserState } = site.service.client;
    const { searchParams } = new URL(desk.page.url());
    const target = { scriptKind: 'deviceManagementScript', scriptId: searchParams.get('script') ?? '' } as const;
    const { items } = await scriptUserState.list.query(target);
    const [state] = items.filter(({ userPrincipalName }) => userPrincipalName?.startsWith('amir.zielinski'));
    await scriptUserState.update.mutate({ ...target, userStateId: state?.id ?? '', patch: { successDeviceCount: 99 } });
    await click('Look again');
    await dialog.getByText(`Microsoft Graph has 99 succeeded and ${before} failed.`).waitFor();
    expect(await dialog.getByLabel('Devices succeeded').inputValue()).toBe('99');
    await saves('Send again');
    const bodies = (await site.simulator.journal()).filter(({ method }) => method === 'PATCH').map(({ body }) => body);
    expect(bodies.at(-1)).toMatchObject({ errorDeviceCount: Number(typed) });
    expect(bodies.at(-1)).not.toHaveProperty('successDeviceCount');
  });

  test('a change that is refused while the list still comes is not shown by what comes later', async () => {
    const { page, open, choose } = await site.desk();
    await open();
    await choose('PowerShell', 'Enable BitLocker recovery backup - Engineering');
    await page.getByText('140 people').waitFor();
    await site.simulator.fault(
      { fault: 'rejected', method: 'PATCH', times: 'always' },
      { fault: 'latency', method: 'GET', path: 'userRunStates', times: 'always', delayMs: 1000 },
    );
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('button', { name: 'Edit deepa.tanaka' }).click();
    await dialog.getByLabel('Devices failed').fill('4242');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expectFailure(site, dialog, 'GRAPH_REJECTED', 'Microsoft Graph refused the values');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByLabel('Fetching').waitFor({ state: 'detached' });
    expect(await page.locator('[role=row]', { hasText: 'deepa.tanaka' }).textContent()).not.toContain('4,242');
  });
});
