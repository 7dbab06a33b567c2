import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { edit, expectFailure } from '../support/console-edit.js';
import { patches } from '../support/journal.js';

/** The read before the write succeeds: it finds the expected values. */
const firstRead = { fault: 'latency', method: 'GET', delayMs: 0 } as const;

describeConsole('the console, when the outcome of a change is unknown', {}, (app) => {
  const unknown = [
    'The outcome is unknown',
    'The change may or may not have been made. Check the current values before you send it again.',
  ];

  test.each(['stall-applied', 'reset-applied'] as const)('the change was applied: %s', async (fault) => {
    const session = await edit(await app.openSession());
    const { dialog, before, typed, click, rowShows } = session;
    await app.simulator.fault({ fault, method: 'PATCH', times: 'always' }, firstRead, {
      fault: 'stall',
      method: 'GET',
      times: 'always',
    });
    const release = await session.holdCalls('scriptUserState.update');
    await click('Save');
    await rowShows(typed);
    release();
    await expectFailure(app, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await rowShows(before);
    expect(await dialog.getByRole('button', { name: /Save|Send/ }).count()).toBe(0);
    await session.expectAccessible();

    await click('Check current values');
    await expectFailure(app, dialog, 'GRAPH_TIMEOUT', 'Microsoft Graph did not respond in time');
    await session.expectAccessible();
    await app.simulator.reset();
    await click('Check current values');
    await dialog.getByText('The change was applied').waitFor();
    await dialog.getByText(`${typed} failed. No further action is needed.`).waitFor();
    await rowShows(typed);
    expect(await patches(app.simulator)).toEqual([]);
    await session.expectAccessible();
    await click('Close');
    await dialog.waitFor({ state: 'detached' });
    await rowShows(typed);
  });

  test.each(['stall', 'reset'] as const)('the change was not applied: %s', async (fault) => {
    const session = await edit(await app.openSession());
    const { dialog, before, click, rowShows, saves } = session;
    await app.simulator.fault({ fault, method: 'PATCH', times: 'always' });
    await click('Save');
    await expectFailure(app, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await app.simulator.reset();
    await click('Check current values');
    await dialog.getByText('The change has not been applied').waitFor();
    await dialog.getByText(`${before} failed. It may still be applied; you can send it again.`).waitFor();
    await rowShows(before);
    await session.expectAccessible();
    await saves('Send again');
  });

  test('a later rejection restores the verified values', async () => {
    const session = await edit(await app.openSession());
    const { dialog, field, typed, click, rowShows } = session;
    await app.simulator.fault(
      { fault: 'reset-applied', method: 'PATCH' },
      { fault: 'rejected', method: 'PATCH', times: 'always' },
      firstRead,
      { fault: 'stall', method: 'GET', times: 'always' },
    );
    await click('Save');
    await expectFailure(app, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await app.simulator.reset();
    await click('Check current values');
    await dialog.getByText('The change was applied').waitFor();
    await app.simulator.fault({ fault: 'rejected', method: 'PATCH' });
    await field.fill('999');
    await click('Send again');
    await expectFailure(app, dialog, 'GRAPH_REJECTED', 'Microsoft Graph rejected the values');
    await rowShows(typed);
  });

  test('a concurrent change by someone else is shown and not overwritten', async () => {
    const session = await edit(await app.openSession());
    const { row, dialog, before, typed, click, saves } = session;
    await app.simulator.fault({ fault: 'stall', method: 'PATCH', times: 'always' });
    await click('Save');
    await expectFailure(app, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await row.getByText('outcome unknown').waitFor();
    await app.simulator.reset();
    const { scriptUserState } = app.service.client;
    const target = { scriptKind: 'deviceManagementScript', scriptId: session.scriptId() } as const;
    const { items } = await scriptUserState.list.query(target);
    const [state] = items.filter(({ userPrincipalName }) => userPrincipalName?.startsWith('amir.zielinski'));
    await scriptUserState.update.mutate({ ...target, userStateId: state?.id ?? '', patch: { successDeviceCount: 99 } });
    await click('Check current values');
    await dialog.getByText(`Microsoft Graph has 99 succeeded and ${before} failed.`).waitFor();
    expect(await dialog.getByLabel('Devices succeeded').inputValue()).toBe('99');
    await saves('Send again');
    const bodies = (await patches(app.simulator)).map(({ body }) => body);
    expect(bodies.at(-1)).toMatchObject({ errorDeviceCount: Number(typed) });
    expect(bodies.at(-1)).not.toHaveProperty('successDeviceCount');
  });

  test('a change rejected while the list is loading does not reappear with a later page', async () => {
    const { page, open, selectScript } = await app.openSession();
    await open();
    await selectScript('PowerShell', 'Enable BitLocker recovery backup - Engineering');
    await page.getByText('140 people').waitFor();
    await app.simulator.fault(
      { fault: 'rejected', method: 'PATCH', times: 'always' },
      { fault: 'latency', method: 'GET', path: 'userRunStates', times: 'always', delayMs: 1000 },
    );
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('button', { name: 'Edit deepa.tanaka' }).click();
    await dialog.getByLabel('Devices failed').fill('4242');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expectFailure(app, dialog, 'GRAPH_REJECTED', 'Microsoft Graph rejected the values');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByLabel('Loading', { exact: true }).waitFor({ state: 'detached' });
    expect(await page.locator('[role=row]', { hasText: 'deepa.tanaka' }).textContent()).not.toContain('4,242');
  });
});
