import { expect, test } from 'vitest';
import { describeInChromium } from '../support/chromium.js';
import { describeConsole, startConsole } from '../support/console.js';
import { type BulkSession, changedStates, download, openLong, openShort, parseCsv } from '../support/console-bulk.js';
import { patches, settledPatches } from '../support/journal.js';

/** One window of 20 s has room for 19 of the updates: bulk updates leave 5 % of the slots free. */
const oneWindow = { GRAPH_WRITES_PER_20S: '20', GRAPH_DEADLINE_MS: '20000' };

describeConsole('bulk updates that require approval', {}, (app) => {
  test('each row gets its own approval code and is sent again from its own dialog', async () => {
    const { page, dialog, press, heading, failures, selectAll, expectToast, expectAccessible } = await openShort(app);
    await app.simulator.settings({ approval: true });
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
    await page.getByText('2 of 8 people').waitFor();
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('8801');
    await press('Start');
    expect(await heading(/changed/)).toBe('0 changed, 2 failed');
    await press('Retry failed rows');
    await dialog.getByText('Enter a justification').waitFor();
    await expectAccessible();
    await dialog.getByRole('textbox', { name: 'Justification' }).fill('Because of réasons');
    await app.simulator.reset();
    await press('Retry failed rows');
    expect(await heading(/awaiting/)).toBe('0 changed, 2 awaiting approval');
    await expectAccessible();
    expect(await dialog.getByRole('button', { name: 'Retry failed rows' }).count()).toBe(0);
    const sent = await patches(app.simulator);
    const justification = Buffer.from('Because of réasons').toString('base64');
    expect(sent.map(({ approval }) => approval)).toEqual([
      { justification, code: null },
      { justification, code: null },
    ]);
    const codes = (await failures()).map(([name = '', words = '']) => [name, /Approval code: (\S+)/.exec(words)?.[1]]);
    expect(new Set(codes.map(([, code]) => code)).size).toBe(2);
    await press('Close');

    for (const [name = '', code = ''] of codes) {
      await page.getByRole('button', { name: `Edit ${name}` }).click();
      await dialog.getByText('This change is waiting for approval').waitFor();
      expect(await dialog.innerText()).toContain(`Approval code: ${code}`);
      expect(await dialog.getByLabel('Devices failed').inputValue()).toBe('8801');
      await expectAccessible();
      await app.simulator.reset();
      await app.simulator.approve(code);
      await press('Send again');
      await expectToast(`Saved: ${name}`);
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('row', { name }).getByText('8,801').waitFor();
      const [{ approval, applied } = expect.fail('nothing was sent'), ...more] = await patches(app.simulator);
      expect([approval.code, applied, more]).toEqual([code, true, []]);
    }
  });
});

describeConsole('bulk updates whose approval codes are known', {}, (app) => {
  const justification = Buffer.from('Because').toString('base64');

  /** Files a change for two people. @returns the approval codes */
  async function fileTwo({ page, dialog, press, heading, failures, selectAll }: BulkSession, count: string) {
    await app.simulator.settings({ approval: true });
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
    await page.getByText('2 of 8 people').waitFor();
    await selectAll();
    await dialog.getByLabel('Devices failed').fill(count);
    await press('Start');
    await heading('0 changed, 2 failed');
    await dialog.getByRole('textbox', { name: 'Justification' }).fill('Because');
    await press('Retry failed rows');
    await heading('0 changed, 2 awaiting approval');
    const codes = (await failures()).map(([, words = '']) => /Approval code: (\S+)/.exec(words)?.[1] ?? '');
    await sent();
    return codes;
  }
  let seen = 0;
  /** Whether each update since the last call was applied, and its approval. */
  async function sent() {
    const entries = await app.simulator.journal(seen);
    seen = entries.at(-1)?.n ?? seen;
    const updates = entries.filter(({ method }) => method === 'PATCH');
    return updates.map(({ applied, approval }) => [applied, approval.justification, approval.code]);
  }

  test('are completed from the report, each with its code alone', async () => {
    const session = await openShort(app);
    const { page, dialog, press, heading, expectAccessible } = session;
    const [first = '', second = ''] = await fileTwo(session, '8811');
    await app.simulator.approve(first);
    await press('Complete approved rows');
    await heading('1 changed, 1 awaiting approval');
    expect(new Set(await sent())).toEqual(
      new Set([
        [true, null, first],
        [false, null, second],
      ]),
    );
    expect(await dialog.getByText(`Approval code: ${second}`).count()).toBe(1);
    await expectAccessible();
    await app.simulator.approve(second);
    await press('Complete approved rows');
    await heading('1 changed');
    expect(await sent()).toEqual([[true, null, second]]);
    await press('Close');
    await expect.poll(() => page.locator('[role=row]').getByText('8,811').count()).toBe(2);
    expect(await page.getByText('awaiting approval').count()).toBe(0);
    expect(await page.getByRole('button', { name: /^Complete approved/ }).count()).toBe(0);
  });

  test('are completed later from the list, and filing them again has no effect', async () => {
    const session = await openShort(app);
    const { page, dialog, press, heading, expectAccessible } = session;
    const codes = await fileTwo(session, '8822');
    await press('Close');
    await page.getByRole('button', { name: 'Change selected (2)' }).click();
    await dialog.getByLabel('Devices failed').fill('8822');
    await press('Start');
    await heading('0 changed, 2 failed');
    await dialog.getByRole('textbox', { name: 'Justification' }).fill('Because');
    await sent();
    await press('Retry failed rows');
    await heading('0 changed, 2 awaiting approval');
    expect(await sent()).toEqual([
      [false, justification, null],
      [false, justification, null],
    ]);
    expect(await dialog.getByText('This change was already filed for approval').count()).toBe(2);
    expect(await dialog.getByRole('button', { name: 'Complete approved rows' }).count()).toBe(0);
    await press('Close');

    for (const code of codes) await app.simulator.approve(code);
    await page.getByRole('button', { name: 'Complete approved (2)' }).click();
    await heading('Complete 2 changes');
    expect(await dialog.getByRole('listitem').allInnerTexts()).toEqual([
      expect.stringMatching(/zielinski.*: Devices failed 8,822$/) as string,
      expect.stringMatching(/zielinski.*: Devices failed 8,822$/) as string,
    ]);
    await expectAccessible();
    await press('Start');
    await heading('2 changed');
    expect(new Set(await sent())).toEqual(new Set(codes.map((code) => [true, null, code])));
    await press('Close');
    await expect.poll(() => page.getByText('awaiting approval').count()).toBe(0);
  });
});

describeConsole('a bulk update that Graph accepts but does not apply', {}, (app) => {
  test('reports the current values of each row, and the list shows them', async () => {
    const { page, dialog, press, heading, failures, selectAll, scriptId, expectAccessible } = await openShort(app);
    const { scriptUserState } = app.service.client;
    const script = { scriptKind: 'deviceManagementScript', scriptId: scriptId() } as const;
    const { items } = await scriptUserState.list.query(script);
    for (const { id } of items) {
      await scriptUserState.update.mutate({ ...script, userStateId: id, patch: { successDeviceCount: 4321 } });
    }
    await app.simulator.fault({ fault: 'ignored', method: 'PATCH', times: 'always' });
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('8833');
    await press('Start');
    await heading('0 changed, 8 failed');
    await expectAccessible();
    for (const [, words] of await failures()) {
      expect(words).toContain('Microsoft Graph did not apply the change');
      expect(words).toMatch(/Microsoft Graph has 4,321 succeeded and \d failed\./);
    }
    expect((await download(page, 'Download failures')).text).toContain('Microsoft Graph has 4,321 succeeded');
    await press('Close');
    await expect.poll(() => page.locator('[role=row]').getByText('4,321').count()).toBe(8);
    expect(await page.getByText('8,833').count()).toBe(0);
  });
});

describeConsole('a bulk update that is cancelled', oneWindow, (app) => {
  test('sends no further rows, and reports exactly the applied ones as changed', async () => {
    const { page, dialog, press, heading, failures, selectAll, expectAccessible } = await openLong(app);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('9901');
    await app.simulator.fault({ fault: 'rejected', method: 'PATCH' });
    await press('Start');
    await dialog.getByText(/^\d\d of 140 · \d+ changed · 1 failed$/).waitFor();
    await press('Cancel');
    const text = await heading(/unknown outcome/);
    const counts = /^(\d+) changed, 1 failed, (\d+) with an unknown outcome$/.exec(text)?.slice(1).map(Number);
    const [changed = 0, unknown = 0] = counts ?? expect.fail(text);
    expect(changed + 1 + unknown).toBe(140);
    await dialog.getByText('You cancelled.').waitFor();
    await expectAccessible();
    // The service cancels all others before Graph receives them. A few may have been on their way.
    const sent = await settledPatches(app.simulator);
    const ended = (fields = {}) => app.service.outcomes(fields).length;
    await expect.poll(() => ended() - ended({ reason: 'CLIENT_CLOSED' })).toBe(sent);
    expect(await failures()).toHaveLength(1 + unknown);
    const kept = parseCsv((await download(page, 'Download failures')).text).map((line) => line['userStateId'] ?? '');
    const there = await changedStates(app.simulator);
    const unreported = sent - 1 - changed;
    expect([there.size, new Set(kept).size, kept.filter((id) => there.has(id)).length]).toEqual([
      sent - 1,
      1 + unknown,
      unreported,
    ]);
  });
});

describeInChromium('a bulk update during which the service stops', () => {
  test('reports which rows were changed and which were not sent', async () => {
    const app = await startConsole(oneWindow);
    const { dialog, press, heading, failures, selectAll, expectAccessible } = await openLong(app);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('9902');
    await press('Start');
    await dialog.getByText('19 of 140 · 19 changed · 0 failed', { exact: true }).waitFor();
    expect((await changedStates(app.simulator)).size).toBe(19);
    await app.service.stop();
    expect(await heading(/changed/)).toBe('19 changed, 121 failed');
    const rows = await failures();
    expect(
      rows.filter(
        ([, words]) => words?.includes('The service is restarting') && words.includes('Not sent. Try again.'),
      ),
    ).toHaveLength(121);
    expect(app.service.outcomes({ outcome: 'applied' })).toHaveLength(19);
    expect(app.service.outcomes({ reason: 'OVERLOADED' })).toHaveLength(121);
    await expectAccessible();
    await app.closeSessions();
  });
});
