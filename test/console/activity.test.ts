import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import {
  cancelWaitingJobs,
  changedStates,
  download,
  openLong,
  openShort,
  parseCsv,
  receivedPatches,
} from '../support/console-bulk.js';
import { edit } from '../support/console-edit.js';
import { settledPatches } from '../support/journal.js';

/** One window of 20 s has room for 19 of the updates: bulk updates leave 5 % of the slots free. */
const oneWindow = { GRAPH_WRITES_PER_20S: '20', GRAPH_DEADLINE_MS: '20000' };

const main = (page: Page) => page.getByRole('main');
const press = (page: Page, name: string) => main(page).getByRole('button', { name, exact: true }).click();
const state = (page: Page, text: string) => main(page).getByText(text, { exact: true }).first().waitFor();

/** The link to the page of activity, with the number of running jobs in its name. */
const activityLink = (page: Page) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link').last();

describeConsole('a job', oneWindow, (app) => {
  test('continues when its tab is closed, is listed in Activity, and can be cancelled and undone', async () => {
    const { page, context, dialog, selectAll, press: pressInDialog } = await openLong(app);
    const before = parseCsv((await download(page, 'Download CSV')).text);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('9911');
    await pressInDialog('Send changes');
    await dialog.getByText('You can close this page: the job continues').waitFor();
    await page.close();

    const back = await context.newPage();
    back.setDefaultTimeout(60_000);
    await back.goto('/activity');
    await expect.poll(() => activityLink(back).innerText()).toMatch(/^Activity\s*1/);
    const running = back.getByRole('table', { name: 'Running jobs' });
    await running.getByText('Enable BitLocker recovery backup').waitFor();
    await running.getByRole('link').click();
    await back.getByRole('heading', { level: 1, name: /^Update of 140 people: Enable BitLocker/ }).waitFor();
    expect(new URL(back.url()).pathname).toMatch(/^\/activity\/[\da-f-]{36}$/);
    expect(await back.title()).toMatch(/^Update of 140 people: .* – Activity – Script states$/);
    await state(back, '19 of 140 · 19 changed');
    await back.reload();
    await state(back, 'Running');
    // The page follows the job without a reload.
    await main(back)
      .getByText(/^38 of 140 · 38 changed/)
      .first()
      .waitFor();
    await press(back, 'Cancel job');
    await state(back, 'Cancelled');
    const [changed] = /\d+/.exec(await main(back).getByRole('button', { name: 'Changed (' }).innerText()) ?? [''];
    expect(await settledPatches(app.simulator)).toBe(Number(changed));
    expect((await changedStates(app.simulator)).size).toBe(Number(changed));
    await expect.poll(() => activityLink(back).innerText()).toBe('Activity');

    await app.simulator.reset();
    await press(back, 'Undo');
    const question = back.getByRole('alertdialog', { name: `Undo ${changed} changes?` });
    const items = question.getByRole('list', { name: 'Values to restore' }).getByRole('listitem');
    await expect.poll(() => items.allInnerTexts()).toHaveLength(6);
    const [first = ''] = await items.allInnerTexts();
    expect(first).toMatch(/: Devices failed 9,911 → \d+$/);
    await question.getByRole('button', { name: 'Undo', exact: true }).click();
    await back.getByRole('heading', { level: 1, name: /^Undo: Update of 140 people/ }).waitFor();
    await state(back, 'Done');
    const restored = new Map(await receivedPatches(app.simulator));
    expect(restored.size).toBe(Number(changed));
    for (const [id, patch] of restored) {
      const { errorDeviceCount } = before.find(({ userStateId }) => userStateId === id) ?? expect.fail(id);
      expect(patch).toEqual({ errorDeviceCount: Number(errorDeviceCount) });
    }
    await back.goBack();
    await back.getByRole('heading', { level: 1, name: /^Update of 140 people/ }).waitFor();
  });
});

describeConsole('the activity page', {}, (app) => {
  afterEach(() => cancelWaitingJobs(app.service));

  test('shows who changed what, from which values to which', async () => {
    const session = await edit(await app.openSession());
    const { page, before, typed, saves, expectAccessible } = session;
    await saves('Save');
    await activityLink(page).click();
    await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
    const row = page.getByRole('table', { name: 'Changes' }).getByRole('row').nth(1);
    await row.getByText(`Devices failed ${before} → ${typed}`).waitFor();
    const text = await row.innerText();
    for (const part of ['Local operator', 'amir.zielinski', 'Clean up temp folders - Kiosks', 'Changed']) {
      expect(text).toContain(part);
    }
    await expectAccessible();
  });

  test('shows a job that another tab starts, and updates the list of that tab when it ends', async () => {
    const first = await openShort(app);
    // Tabs of one browser: they share a context.
    const other = await first.context.newPage();
    other.setDefaultTimeout(60_000);
    await other.goto(first.page.url());
    await other.getByText('8 people', { exact: true }).waitFor();
    await app.simulator.reset();
    await app.simulator.fault({ fault: 'latency', method: 'PATCH', times: 'always', delayMs: 2_000 });
    await first.selectAll();
    await first.dialog.getByLabel('Devices failed').fill('6611');
    await first.press('Send changes');
    await expect.poll(() => activityLink(other).innerText()).toMatch(/^Activity\s*1/);
    await first.heading('8 changed');
    await expect.poll(() => other.locator('[role=row]').getByText('6,611').count()).toBe(8);
    const lists = (await app.simulator.journal()).filter(({ path }) => /userRunStates(\?|$)/.test(path));
    expect(lists).toEqual([]);
  });

  test('completes changes that wait for approval, and groups the reasons of failures', async () => {
    await app.simulator.settings({ approval: true });
    const session = await openShort(app);
    const { page, dialog, heading, selectAll, expectAccessible } = session;
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('8844');
    await session.press('Send changes');
    await heading('0 changed, 8 failed');
    await dialog.getByRole('textbox', { name: 'Justification' }).fill('Because');
    await session.press('Retry failed rows');
    await heading('0 changed, 8 waiting for approval');
    await session.press('Close');

    await activityLink(page).click();
    const waiting = page.getByRole('table', { name: 'Waiting jobs' });
    await waiting.getByRole('cell', { name: '0 changed, 8 waiting for approval', exact: true }).waitFor();
    await expectAccessible();
    await waiting.getByRole('link').first().click();
    await main(page)
      .getByText(/^Approval code: /)
      .first()
      .waitFor();
    await expectAccessible();
    const lines = parseCsv((await download(page, 'Download results')).text);
    const codes = lines.map(
      (line) => /Approval code: (\S+)/.exec(line['message'] ?? '')?.[1] ?? expect.fail('no code'),
    );
    expect(new Set(codes).size).toBe(8);
    for (const code of codes) await app.simulator.approve(code);
    // The service may have completed them by itself.
    const complete = main(page).getByRole('button', { name: 'Complete approved changes', exact: true });
    await Promise.race([complete.click(), state(page, 'Done')]);
    await state(page, 'Done');
    await main(page).getByRole('button', { name: 'Changed (8)' }).waitFor();
    await activityLink(page).click();
    const ended = page.getByRole('table', { name: 'Ended jobs' });
    await ended.getByRole('cell', { name: '0 changed, 8 failed', exact: true }).waitFor();
    await ended.getByRole('cell', { name: '8 changed', exact: true }).first().waitFor();
    await ended.getByRole('row').filter({ hasText: '8 failed' }).getByRole('link').click();
    await main(page).getByText('8 rows: A justification is required.').waitFor();
    await expectAccessible();
  });

  test('reports a job that does not exist', async () => {
    const { page, open, expectAccessible } = await app.openSession();
    await open('/activity/00000000-0000-4000-8000-000000000000');
    await page.getByText('The job does not exist').waitFor();
    await expectAccessible();
    await page.getByRole('link', { name: 'All jobs and changes' }).click();
    await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
  });
});

describeConsole(
  'the activity page of a reader',
  { SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-console-tests' },
  (app) => {
    test('shows all jobs and their rows without any actions', async () => {
      const operator = await app.openSession();
      await operator.signIn('operator');
      await operator.page.getByText('Olga Operator').waitFor();
      const {
        press: pressInDialog,
        dialog,
        heading,
        selectAll,
      } = await openShort({
        openSession: () => Promise.resolve(operator),
      });
      await app.simulator.fault({ fault: 'rejected', method: 'PATCH', times: 2 });
      await selectAll();
      await dialog.getByLabel('Devices failed').fill('7722');
      await pressInDialog('Send changes');
      await heading('6 changed, 2 failed');

      const { page, signIn, expectAccessible } = await app.openSession();
      await signIn('reader', '/activity');
      const jobs = page.getByRole('table', { name: 'Ended jobs' });
      await jobs.getByRole('cell', { name: /^Olga Operator, / }).waitFor();
      await jobs.getByRole('link').first().click();
      await main(page).getByText('2 rows: Microsoft Graph rejected the values.').waitFor();
      await expect.poll(() => main(page).getByRole('region', { name: 'Rows' }).getByRole('listitem').count()).toBe(2);
      await expectAccessible();
      const names = await main(page).getByRole('button').allInnerTexts();
      expect(names).toEqual(['Download results', 'All (8)', 'Changed (6)', 'Failed (2)']);
    });
  },
);
