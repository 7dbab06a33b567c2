import { afterEach, expect, test } from 'vitest';
import { pressEscape } from '../support/browser-session.js';
import { describeInChromium } from '../support/chromium.js';
import { describeConsole, startConsole } from '../support/console.js';
import {
  type BulkSession,
  cancelWaitingJobs,
  changedStates,
  download,
  openLong,
  openShort,
  parseCsv,
} from '../support/console-bulk.js';
import { patches, settledPatches } from '../support/journal.js';
import { startTestService } from '../support/service.js';

/** One window of 20 s has room for 19 of the updates: bulk updates leave 5 % of the slots free. */
const oneWindow = { GRAPH_WRITES_PER_20S: '20', GRAPH_DEADLINE_MS: '20000' };

const codeIn = (text: string) => /Approval code: (\S+)/.exec(text)?.[1] ?? expect.fail(`no code: ${text}`);

describeConsole('bulk updates that require approval', {}, (app) => {
  afterEach(() => cancelWaitingJobs(app.service));

  const justification = Buffer.from('Because of réasons').toString('base64');

  /** Files a change for two people. @returns the names of the people, and their approval codes */
  async function fileTwo(
    { page, dialog, press, heading, rows, selectAll, expectAccessible }: BulkSession,
    count: string,
  ) {
    await app.simulator.settings({ approval: true });
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
    await page.getByText('2 of 8 people').waitFor();
    await selectAll();
    await dialog.getByLabel('Devices failed').fill(count);
    await press('Send changes');
    await heading('0 changed, 2 failed');
    await dialog.getByText('2 rows: A justification is required.').waitFor();
    await press('Retry failed rows');
    await dialog.getByText('Enter a justification', { exact: true }).waitFor();
    await expectAccessible();
    await dialog.getByRole('textbox', { name: 'Justification' }).fill('Because of réasons');
    await app.simulator.reset();
    await press('Retry failed rows');
    await heading('0 changed, 2 waiting for approval');
    expect(await dialog.getByRole('button', { name: 'Retry failed rows' }).count()).toBe(0);
    await expect.poll(async () => (await rows()).length).toBe(2);
    return (await rows()).map((text) => ({ name: text.split('\n')[0]?.trim() ?? '', code: codeIn(text) }));
  }
  /** Whether each update was applied, and its approval. */
  const sent = async () =>
    (await patches(app.simulator)).map(({ applied, approval }) => [applied, approval.justification, approval.code]);

  test('each row gets its own approval code, and a reload neither loses the codes nor files the rows again', async () => {
    const session = await openShort(app);
    const { page, dialog, press, expectAccessible } = session;
    const filed = await fileTwo(session, '8801');
    await expectAccessible();
    expect(new Set(filed.map(({ code }) => code)).size).toBe(2);
    expect(await sent()).toEqual([
      [false, justification, null],
      [false, justification, null],
    ]);
    await press('Close');
    await expect.poll(() => page.getByText('waiting for approval', { exact: true }).count()).toBe(2);
    await page.reload();
    await expect.poll(() => page.getByText('waiting for approval', { exact: true }).count()).toBe(2);
    for (const { name, code } of filed) {
      await page.getByRole('button', { name: `Edit ${name}` }).click();
      await dialog.getByText('This change is waiting for approval').waitFor();
      expect(await dialog.innerText()).toContain(`Approval code: ${code}`);
      await expect.poll(() => dialog.getByLabel('Devices failed').inputValue()).toBe('8801');
      expect(await dialog.getByLabel('Devices failed').isDisabled()).toBe(true);
      await expectAccessible();
      await press('Close');
    }
    expect(await sent()).toHaveLength(2);
  });

  test('ask before a justification that has not been sent is discarded', async () => {
    const { page, dialog, press, heading, selectAll } = await openShort(app);
    await app.simulator.settings({ approval: true });
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('8821');
    await press('Send changes');
    await heading('0 changed, 8 failed');
    const field = dialog.getByRole('textbox', { name: 'Justification' });
    await field.fill('Because of réasons');
    for (const close of [() => press('Close'), () => pressEscape(page)]) {
      await close();
      await dialog.getByText('Discard what you entered?').waitFor();
      await press('Keep editing');
      expect(await field.inputValue()).toBe('Because of réasons');
    }
    await field.fill('');
    await press('Close');
    await dialog.waitFor({ state: 'detached' });
  });

  test('are completed from the report, each with its code alone', async () => {
    const session = await openShort(app);
    const { page, dialog, press, heading, show, expectAccessible } = session;
    const [{ code: first } = expect.fail(), { code: second } = expect.fail()] = await fileTwo(session, '8811');
    await app.simulator.reset();
    await app.simulator.approve(first);
    await press('Complete approved changes');
    await heading('1 changed, 1 waiting for approval');
    expect(await sent()).toContainEqual([true, null, first]);
    for (const [applied, words] of await sent()) expect(applied || words === null).toBe(true);
    await show('Waiting for approval');
    await dialog.getByText(`Approval code: ${second}`).waitFor();
    await expectAccessible();
    await app.simulator.reset();
    await app.simulator.approve(second);
    await press('Complete approved changes');
    await heading('2 changed');
    expect(await sent()).toEqual([[true, null, second]]);
    await press('Close');
    await expect.poll(() => page.locator('[role=row]').getByText('8,811').count()).toBe(2);
    await expect.poll(() => page.getByText('waiting for approval', { exact: true }).count()).toBe(0);
  });

  test('show what has been completed, although the response to the action arrives later', async () => {
    const session = await openShort(app);
    const { dialog, press, heading, holdResponses } = session;
    const [{ code } = expect.fail()] = await fileTwo(session, '8831');
    await app.simulator.approve(code);
    const release = await holdResponses('updateJob.resume');
    await press('Complete approved changes');
    await heading('1 changed, 1 waiting for approval');
    release();
    await dialog.getByText('Sending', { exact: true }).waitFor({ state: 'detached' });
    await heading('1 changed, 1 waiting for approval');
  });
});

describeConsole('a bulk update that Graph accepts but does not apply', {}, (app) => {
  test('reports the current values of each row, and the list shows them', async () => {
    const { page, dialog, press, heading, rows, selectAll, scriptId, expectAccessible } = await openShort(app);
    const { scriptUserState } = app.service.client;
    const script = { scriptKind: 'deviceManagementScript', scriptId: scriptId() } as const;
    const { items } = await scriptUserState.list.query(script);
    for (const { id } of items) {
      await scriptUserState.update.mutate({ ...script, userStateId: id, patch: { successDeviceCount: 4321 } });
    }
    await app.simulator.fault({ fault: 'ignored', method: 'PATCH', times: 'always' });
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('8833');
    await press('Send changes');
    await heading('0 changed, 8 failed');
    await expectAccessible();
    await expect.poll(async () => (await rows()).length).toBeGreaterThan(4);
    for (const words of await rows()) {
      expect(words).toContain('Microsoft Graph did not apply the change');
      expect(words).toMatch(/Microsoft Graph has 4,321 succeeded and \d failed\./);
    }
    const lines = parseCsv((await download(page, 'Download results')).text);
    expect(lines.filter((line) => line['message']?.includes('Microsoft Graph has 4,321 succeeded'))).toHaveLength(8);
    await press('Close');
    await expect.poll(() => page.locator('[role=row]').getByText('4,321').count()).toBe(8);
    expect(await page.getByText('8,833').count()).toBe(0);
  });
});

describeConsole('a bulk update that is cancelled', oneWindow, (app) => {
  test('sends no further rows, and reports exactly the applied ones as changed', async () => {
    const { page, dialog, press, heading, rows, show, selectAll, expectAccessible } = await openLong(app);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('9901');
    await app.simulator.fault({ fault: 'rejected', method: 'PATCH' });
    await press('Send changes');
    await dialog.getByText(/^\d\d of 140 · \d+ changed, 1 failed$/).waitFor();
    await press('Cancel job');
    const text = await heading(/not sent/);
    const counts = /^(\d+) changed, 1 failed, (\d+) not sent$/.exec(text)?.slice(1).map(Number);
    const [changed = 0, notSent = 0] = counts ?? expect.fail(text);
    expect(changed + 1 + notSent).toBe(140);
    await expectAccessible();
    expect(await settledPatches(app.simulator)).toBe(changed + 1);
    await expect.poll(rows).toHaveLength(1);
    const lines = parseCsv((await download(page, 'Download results')).text);
    const ids = lines.filter((line) => line['outcome'] === 'Changed').map((line) => line['userStateId'] ?? '');
    expect(new Set(ids)).toEqual(await changedStates(app.simulator));
    await show('Not sent');
    await expect.poll(async () => (await rows()).every((row) => row.includes('Not sent'))).toBe(true);
  });
});

describeConsole('a bulk update during which the connection is lost', oneWindow, (app) => {
  test('continues, and the page shows it again when the connection is restored', async () => {
    const { dialog, press, context, heading, selectAll, expectAccessible } = await openLong(app);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('9903');
    await press('Send changes');
    await dialog.getByText('19 of 140 · 19 changed', { exact: true }).waitFor();
    await context.setOffline(true);
    const { items } = await app.service.client.updateJob.list.query({});
    const applied = async () =>
      (await app.service.client.updateJob.get.query({ jobId: items[0]?.jobId ?? '' })).counts.applied;
    await expect.poll(applied).toBeGreaterThan(19);
    await heading('Sending 140 changes');
    await context.setOffline(false);
    await dialog
      .getByText(/^(?!19)\d+ of 140 · \d+ changed/)
      .first()
      .waitFor();
    await expectAccessible();
    await press('Cancel job');
    await heading(/not sent/);
  });
});

describeInChromium('a bulk update during which the service stops', () => {
  test('completes the rows that were sent, and the page reports that the job no longer exists', async () => {
    const app = await startConsole(oneWindow);
    const { dialog, press, heading, selectAll, expectAccessible } = await openLong(app);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('9902');
    await press('Send changes');
    await dialog.getByText('unless the service restarts').waitFor();
    await dialog.getByText('19 of 140 · 19 changed', { exact: true }).waitFor();
    expect((await changedStates(app.simulator)).size).toBe(19);
    await app.service.stop();
    expect(app.service.outcomes({ outcome: 'applied' })).toHaveLength(19);
    // The page shows what it knows.
    await heading('Sending 140 changes');
    const again = await startTestService({ PORT: app.service.url.port });
    try {
      await dialog.getByText('The job does not exist').waitFor();
      await expectAccessible();
      expect(await patches(again.simulator)).toEqual([]);
    } finally {
      await again.stop();
    }
    await app.closeSessions();
  });
});
