import Papa from 'papaparse';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { patches } from '../support/bulk.js';
import { describeInChromium } from '../support/chromium.js';
import { type Site, startSite } from '../support/console.js';
import { asked, changed, download, linesOf, openLong, openShort } from '../support/console-many.js';

describeInChromium('many corrections at once', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ GRAPH_WRITES_PER_20S: '100000' });
    await site.simulator.settings({ writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
  });
  afterEach(async () => {
    await site.simulator.reset();
    expect(site.complaints).toEqual([]);
  });
  afterAll(() => site.stop());

  test('a file is downloaded, edited, chosen or pasted, and only what was changed in it is sent', async () => {
    const { page, dialog, press, heading, expectAccessible } = await openShort(site);
    const { name, text } = await download(page, 'Download CSV');
    const lines = linesOf(text);
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
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press('Choose a file')]);
    // As a spreadsheet of half of Europe writes it.
    const buffer = Buffer.from(`\uFEFF${Papa.unparse(edited, { delimiter: ';' })}\r\n`);
    await chooser.setFiles({ name: 'edited.csv', mimeType: 'text/csv', buffer });
    await dialog.getByText('edited.csv is chosen').waitFor();
    await press('Check');
    await dialog.getByText('2 changes, 6 unchanged lines.').waitFor();
    await expectAccessible();
    expect(await patches(site.simulator)).toEqual([]);
    await press('Start');
    expect(await heading(/changed/)).toBe('2 changed');
    await expectAccessible();
    expect(Object.fromEntries(await asked(site.simulator))).toEqual({
      [first ?? '']: { successDeviceCount: 5501 },
      [second ?? '']: { errorDeviceCount: 5502, userPrincipalName: 'éva; "o’hara"' },
    });
    await press('Close');
    await page.getByRole('row', { name: 'éva; "o’hara"' }).getByText('5,502').waitFor();

    await page.getByRole('button', { name: 'Import CSV' }).click();
    const pasted = [...edited.slice(0, 2), { ...edited[2], errorDeviceCount: '5503' }];
    await dialog.getByLabel('CSV lines').fill(Papa.unparse(pasted, { delimiter: '\t' }));
    await press('Check');
    await dialog.getByText('1 change, 2 unchanged lines.').waitFor();
    await press('Start');
    expect(await heading(/changed/)).toBe('1 changed');
    expect((await asked(site.simulator)).slice(2)).toEqual([[third, { errorDeviceCount: 5503 }]]);
  });

  test('lines that are wrong are named, and nothing is sent until all are right', async () => {
    const { page, dialog, press, heading, expectAccessible } = await openShort(site);
    const ids = linesOf((await download(page, 'Download CSV')).text).map((line) => line['userStateId'] ?? '');
    const box = dialog.getByLabel('CSV lines');
    const csv = (...counts: readonly string[]) =>
      ['userStateId,errorDeviceCount', '', ...counts.map((count, index) => `${ids[index]},${count}`)].join('\n');
    const told = () => dialog.getByRole('alert').getByRole('listitem').allInnerTexts();
    await page.getByRole('button', { name: 'Import CSV' }).click();
    await box.fill(csv('6601', 'many', '6603', '-4'));
    await press('Check');
    await dialog.getByText('2 problems. Nothing is sent until all lines are right.').waitFor();
    expect(await told()).toEqual([
      'Line 4: errorDeviceCount: wants a whole number',
      'Line 6: errorDeviceCount: wants 0 or more',
    ]);
    expect(await dialog.getByRole('button', { name: 'Start' }).count()).toBe(0);
    await expectAccessible();
    await box.fill(csv('6601', '6602', '6603', '-4'));
    expect(await told()).toEqual([]);
    await press('Check');
    await dialog.getByText('1 problem. Nothing').waitFor();
    expect(await told()).toEqual(['Line 6: errorDeviceCount: wants 0 or more']);
    expect(await dialog.getByRole('button', { name: 'Start' }).count()).toBe(0);
    await dialog.locator('input[type=file]').setInputFiles({
      name: 'latin.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('userStateId,userPrincipalName\na,José', 'latin1'),
    });
    await dialog.getByText('This file is not in UTF-8.').waitFor();
    expect(await patches(site.simulator)).toEqual([]);
    await box.fill(csv('6601', '6602', '6603', '6604'));
    await press('Check');
    await press('Start');
    expect(await heading(/changed/)).toBe('4 changed');
    const wanted = ids.slice(0, 4).map((id, index) => [id, { errorDeviceCount: 6601 + index }]);
    expect(Object.fromEntries(await asked(site.simulator))).toEqual(Object.fromEntries(wanted));
  });

  test('what fails is told of row by row, kept as a file, and sent again alone', async () => {
    const { page, dialog, press, heading, failures, selectAll, expectAccessible } = await openLong(site);
    const lines = linesOf((await download(page, 'Download CSV')).text);
    const bad = [3, 40, 80, 120].map((nth) => lines[nth] ?? expect.fail('no such line'));
    const ids = bad.map((line) => line['userStateId'] ?? '');
    const at = (path = '') => ({ method: 'PATCH', path, times: 'always' }) as const;
    await site.simulator.fault(
      { fault: 'rejected', ...at(ids[0]) },
      { fault: 'rejected', ...at(ids[1]) },
      { fault: 'not-found', ...at(ids[2]) },
      { fault: 'server-error', ...at(ids[3]) },
      { fault: 'server-error', ...at(ids[3]), method: 'GET' },
    );
    await selectAll();
    await heading('Set for 140 people');
    await press('Start');
    await dialog.getByText('wants a number, or the field below does').waitFor();
    await dialog.getByLabel('Devices succeeded').fill('1e3');
    await press('Start');
    await dialog.getByText('wants a whole number').waitFor();
    await expectAccessible();
    await dialog.getByLabel('Devices succeeded').fill('7701');
    await dialog.getByLabel('Devices failed').fill('7702');
    expect(await patches(site.simulator)).toEqual([]);
    await press('Start');
    await heading('Sending 140 changes');
    expect(await heading(/changed/)).toBe('136 changed, 3 failed, 1 with an unknown outcome');
    await expectAccessible();

    const there = await changed(site.simulator);
    expect(lines.filter((line) => !there.has(line['userStateId'] ?? ''))).toEqual(bad);
    const rows = await failures();
    const file = linesOf((await download(page, 'Download failures')).text);
    const reasons = ['GRAPH_REJECTED', 'GRAPH_REJECTED', 'GRAPH_NOT_FOUND', 'OUTCOME_UNKNOWN'];
    const titles = [
      'Microsoft Graph refused the values',
      'Microsoft Graph refused the values',
      'It is not there any more',
      'It is not known whether the change was made',
    ];
    expect(new Set(file.map((line) => line['userStateId']))).toEqual(new Set(ids));
    for (const [index, line] of file.entries()) {
      const nth = ids.indexOf(line['userStateId'] ?? '');
      const [name, words, requestId] = rows[index] ?? [];
      expect(name).toBe(bad[nth]?.['userPrincipalName'] || ids[nth]);
      expect(words).toContain(titles[nth]);
      expect(site.service.lines({ log: 'audit', requestId })).toHaveLength(140);
      expect(line).toEqual({
        scriptKind: 'deviceManagementScript',
        scriptId: lines[0]?.['scriptId'],
        userStateId: ids[nth],
        userPrincipalName: '',
        successDeviceCount: '7701',
        errorDeviceCount: '7702',
        reason: reasons[nth],
        message: expect.stringContaining(titles[nth] ?? '') as unknown,
        requestId,
      });
    }
    expect([rows.length, file.length]).toEqual([4, 4]);
    // A report that would be lost stays.
    await page.keyboard.press('Escape');
    await site.simulator.reset();
    await press('Retry failed');
    await dialog.getByText('136 rows were changed before this try.').waitFor();
    expect(await heading(/changed/)).toBe('4 changed');
    const again = await asked(site.simulator);
    expect(again.map(([id]) => id).toSorted()).toEqual(ids.toSorted());
    for (const [, fields] of again) expect(fields).toEqual({ successDeviceCount: 7701, errorDeviceCount: 7702 });
  });
});
