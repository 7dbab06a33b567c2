import Papa from 'papaparse';
import { beforeEach, expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { changedStates, download, openLong, openShort, parseCsv, receivedPatches } from '../support/console-bulk.js';
import { patches } from '../support/journal.js';

describeConsole('bulk updates', { GRAPH_WRITES_PER_20S: '100000' }, (app) => {
  beforeEach(() => app.simulator.settings({ writesPer20s: 1_000_000, requestsPer20s: 1_000_000 }));

  test('a downloaded file can be edited and imported, and only its changes are sent', async () => {
    const { page, dialog, press, heading, expectAccessible } = await openShort(app);
    const { name, text } = await download(page, 'Download CSV');
    const lines = parseCsv(text);
    const [first, second, third] = lines.map((line) => line['userStateId'] ?? expect.fail('no id'));
    expect(name).toBe(`states-${lines[0]?.['scriptId']}.csv`);
    expect(lines).toHaveLength(8);
    const edited = lines.map((line, index) => ({
      ...line,
      ...(index === 0 && { successDeviceCount: '5501' }),
      ...(index === 1 && { errorDeviceCount: '5502', userPrincipalName: 'éva; "o’hara"' }),
    }));

    await page.getByRole('button', { name: 'Import CSV' }).click();
    await dialog.waitFor();
    await expectAccessible();
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press('Choose file')]);
    // As Excel writes it in many European locales.
    const buffer = Buffer.from(`\uFEFF${Papa.unparse(edited, { delimiter: ';' })}\r\n`);
    await chooser.setFiles({ name: 'edited.csv', mimeType: 'text/csv', buffer });
    await dialog.getByText('Selected: edited.csv').waitFor();
    await press('Preview changes');
    // The names of the file are not sent, but compared with the list.
    await dialog.getByText('1 change, 6 unchanged lines. 1 person is left out').waitFor();
    await dialog.getByText('The file names éva; "o’hara", but the list names').waitFor();
    await expectAccessible();
    await dialog.getByRole('checkbox', { name: 'Rename people' }).check();
    await dialog.getByText('2 changes, 6 unchanged lines.').waitFor();
    await expectAccessible();
    expect(await patches(app.simulator)).toEqual([]);
    await press('Send changes');
    expect(await heading(/changed/)).toBe('2 changed');
    await expectAccessible();
    expect(Object.fromEntries(await receivedPatches(app.simulator))).toEqual({
      [first ?? '']: { successDeviceCount: 5501 },
      [second ?? '']: { errorDeviceCount: 5502, userPrincipalName: 'éva; "o’hara"' },
    });
    await press('Close');
    await page.getByRole('row', { name: 'éva; "o’hara"' }).getByText('5,502').waitFor();

    await page.getByRole('button', { name: 'Import CSV' }).click();
    const pasted = [...edited.slice(0, 2), { ...edited[2], errorDeviceCount: '5503' }];
    await dialog.getByLabel('CSV lines').fill(Papa.unparse(pasted, { delimiter: '\t' }));
    await press('Preview changes');
    await dialog.getByText('1 change, 2 unchanged lines.').waitFor();
    await press('Send changes');
    expect(await heading(/changed/)).toBe('1 changed');
    expect((await receivedPatches(app.simulator)).slice(2)).toEqual([[third, { errorDeviceCount: 5503 }]]);
  });

  test('invalid lines are reported, and nothing is sent until all are valid', async () => {
    const { page, dialog, press, heading, expectAccessible } = await openShort(app);
    const ids = parseCsv((await download(page, 'Download CSV')).text).map((line) => line['userStateId'] ?? '');
    const box = dialog.getByLabel('CSV lines');
    const csv = (...counts: readonly string[]) =>
      ['userStateId,errorDeviceCount', '', ...counts.map((count, index) => `${ids[index]},${count}`)].join('\n');
    const problems = () => dialog.getByRole('alert').getByRole('listitem').allInnerTexts();
    await page.getByRole('button', { name: 'Import CSV' }).click();
    await box.fill(csv('6601', 'many', '6603', '-4'));
    await press('Preview changes');
    await dialog.getByText('2 problems. Correct the lines, then try again.').waitFor();
    expect(await problems()).toEqual([
      'Line 4: errorDeviceCount: must be a whole number with digits only, such as 1000 (not 1,000 or 1.000)',
      'Line 6: errorDeviceCount: must be 0 or more',
    ]);
    expect(await dialog.getByRole('button', { name: 'Send changes' }).count()).toBe(0);
    await expectAccessible();
    await box.fill(csv('6601', '6602', '6603', '-4'));
    expect(await problems()).toEqual([]);
    await press('Preview changes');
    await dialog.getByText('1 problem. Correct').waitFor();
    expect(await problems()).toEqual(['Line 6: errorDeviceCount: must be 0 or more']);
    expect(await dialog.getByRole('button', { name: 'Send changes' }).count()).toBe(0);
    await dialog.locator('input[type=file]').setInputFiles({
      name: 'latin.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('userStateId,userPrincipalName\na,José', 'latin1'),
    });
    await dialog.getByText('The file is not in UTF-8.').waitFor();
    expect(await patches(app.simulator)).toEqual([]);
    await box.fill(csv('6601', '6602', '6603', '6604'));
    await press('Preview changes');
    await press('Send changes');
    expect(await heading(/changed/)).toBe('4 changed');
    const wanted = ids.slice(0, 4).map((id, index) => [id, { errorDeviceCount: 6601 + index }]);
    expect(Object.fromEntries(await receivedPatches(app.simulator))).toEqual(Object.fromEntries(wanted));
  });

  test('failed rows are reported, can be downloaded, and are sent again alone', async () => {
    const { page, dialog, press, heading, rows, show, selectAll, holdCalls, expectAccessible } = await openLong(app);
    const lines = parseCsv((await download(page, 'Download CSV')).text);
    const bad = [3, 40, 80, 120].map((nth) => lines[nth] ?? expect.fail('no such line'));
    const ids = bad.map((line) => line['userStateId'] ?? '');
    const at = (path = '') => ({ method: 'PATCH', path, times: 'always' }) as const;
    await app.simulator.fault(
      { fault: 'rejected', ...at(ids[0]) },
      { fault: 'rejected', ...at(ids[1]) },
      { fault: 'not-found', ...at(ids[2]) },
      { fault: 'server-error', ...at(ids[3]) },
      // The first read, of the values before, succeeds.
      { fault: 'latency', method: 'GET', path: ids[3] ?? '', delayMs: 0 },
      { fault: 'server-error', ...at(ids[3]), method: 'GET' },
    );
    await selectAll();
    await heading('Set values for 140 people');
    await press('Send changes');
    await dialog.getByText('Enter a number in at least one field').waitFor();
    await dialog.getByLabel('Devices succeeded').fill('1e3');
    await press('Send changes');
    await dialog.getByText('Enter a whole number').waitFor();
    await expectAccessible();
    await dialog.getByLabel('Devices succeeded').fill('7701');
    await dialog.getByLabel('Devices failed').fill('7702');
    expect(await patches(app.simulator)).toEqual([]);
    const release = await holdCalls('updateJob.start');
    await press('Send changes');
    await heading('Sending 140 changes to the service');
    // The Escape key does not close a dialog whose rows the service has not stored yet.
    await page.keyboard.press('Escape');
    await expectAccessible();
    await heading('Sending 140 changes to the service');
    release();
    expect(await heading(/changed/)).toBe('136 changed, 3 failed, 1 with an unknown outcome');
    await dialog.getByText('2 rows: Microsoft Graph rejected the values.').waitFor();
    await expectAccessible();

    const there = await changedStates(app.simulator);
    expect(lines.filter((line) => !there.has(line['userStateId'] ?? ''))).toEqual(bad);
    await expect.poll(async () => (await rows()).length).toBe(3);
    const failed = await rows();
    await show('Outcome unknown');
    await expect.poll(async () => (await rows()).length).toBe(1);
    const shown = [...failed, ...(await rows())];
    const { name, text } = await download(page, 'Download results');
    expect(name).toMatch(/^job-[\da-f-]{36}\.csv$/);
    const file = parseCsv(text);
    expect(file).toHaveLength(140);
    const reasons = ['GRAPH_REJECTED', 'GRAPH_REJECTED', 'GRAPH_NOT_FOUND', 'OUTCOME_UNKNOWN'];
    const titles = [
      'Microsoft Graph rejected the values',
      'Microsoft Graph rejected the values',
      'The script or state does not exist',
      'The outcome is unknown',
    ];
    for (const [nth, id] of ids.entries()) {
      const line = file.find((each) => each['userStateId'] === id) ?? expect.fail(id);
      const person = bad[nth]?.['userPrincipalName'] || id;
      const words = shown.find((each) => each.startsWith(person)) ?? expect.fail(person);
      expect(words).toContain(titles[nth]);
      const requestId = /Request ID: (\S+)/.exec(words)?.[1];
      expect(app.service.outcomes({ requestId })).toHaveLength(140);
      expect(line).toMatchObject({
        scriptKind: 'deviceManagementScript',
        scriptId: lines[0]?.['scriptId'],
        userPrincipalName: '',
        successDeviceCount: '7701',
        errorDeviceCount: '7702',
        person,
        script: 'Enable BitLocker recovery backup - Engineering',
        outcome: nth < 3 ? 'Failed' : 'Outcome unknown',
        errorDeviceCountBefore: bad[nth]?.['errorDeviceCount'],
        reason: reasons[nth],
        message: expect.stringContaining(titles[nth] ?? '') as unknown,
        requestId,
      });
    }
    const changed = file.filter((line) => line['outcome'] === 'Changed');
    expect(changed).toHaveLength(136);
    for (const line of changed) {
      const before = lines.find((each) => each['userStateId'] === line['userStateId']);
      expect([line['successDeviceCountBefore'], line['successDeviceCountAfter'], line['reason']]).toEqual([
        before?.['successDeviceCount'],
        '7701',
        '',
      ]);
    }
    await app.simulator.reset();
    await press('Retry failed rows');
    expect(await heading(/^140 changed/)).toBe('140 changed');
    const again = await receivedPatches(app.simulator);
    expect(again.map(([id]) => id).toSorted()).toEqual(ids.toSorted());
    for (const [, fields] of again) expect(fields).toEqual({ successDeviceCount: 7701, errorDeviceCount: 7702 });
    await press('Close');
    // The list shows the results without being fetched again.
    await expect.poll(() => page.locator('[role=row]').getByText('7,702').count()).toBeGreaterThan(8);
    expect((await app.simulator.journal()).filter(({ path }) => /userRunStates(\?|$)/.test(path))).toEqual([]);
  });

  test('a store of jobs without space says so, and the changes can be sent again later', async () => {
    const { dialog, selectAll, press, expectAccessible } = await openShort(app);
    const { updateJob } = app.service.client;
    const updates = Array.from({ length: 5_000 }, (_, index) => ({
      scriptKind: 'deviceShellScript' as const,
      scriptId: 'script',
      userStateId: `script:${index}`,
      patch: { errorDeviceCount: 1 },
    }));
    /** Starts jobs until one is refused. */
    async function fill(rowCount: number): Promise<string> {
      for (;;) {
        try {
          const started = await updateJob.start.mutate({ updates: updates.slice(0, rowCount) });
          await updateJob.cancel.mutate(started);
        } catch (error) {
          return String(error);
        }
      }
    }
    const explanation = 'There is no space for more rows until earlier jobs are deleted by age. Nothing was started.';
    for (const rowCount of [5_000, 500, 8]) expect(await fill(rowCount)).toContain(explanation);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('44');
    await press('Send changes');
    await dialog.getByText('The service did not accept the request').waitFor();
    await dialog.getByText(explanation).waitFor();
    await dialog.getByRole('button', { name: 'Send again' }).waitFor();
    await expectAccessible();
  });
});
