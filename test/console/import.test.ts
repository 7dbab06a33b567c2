import Papa from 'papaparse';
import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { download, openShort, parseCsv, receivedPatches } from '../support/console-bulk.js';

describeConsole('the preview of an import', {}, (app) => {
  /** Opens a script and the import, and reads the people of the script. */
  async function openImport() {
    const session = await openShort(app);
    const { page, dialog } = session;
    const people = parseCsv((await download(page, 'Download CSV')).text);
    await page.getByRole('button', { name: 'Import CSV' }).click();
    const choose = (name: string, buffer: Buffer) =>
      dialog.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/plain', buffer });
    const rows = async () =>
      (await dialog.getByRole('table', { name: 'Changes' }).getByRole('row').allInnerTexts())
        .slice(1)
        .map((text) => text.split(/\s*\n+\s*|\t/));
    const person = (index: number) => people[index] ?? expect.fail('no such person');
    return { ...session, person, choose, rows };
  }
  const header = ['userStateId', 'userPrincipalName', 'successDeviceCount', 'errorDeviceCount', 'Department'];
  const idOf = (line: Readonly<Record<string, string>>) => line['userStateId'] ?? '';
  const nameOf = (line: Readonly<Record<string, string>>) => line['userPrincipalName'] || idOf(line);

  test('shows the values before and after, and what to look at', async () => {
    const { dialog, person, choose, rows, press, heading, expectAccessible } = await openImport();
    const [first, second, third, fourth] = [person(0), person(1), person(2), person(3)];
    const lines = [
      [idOf(first), nameOf(first).toUpperCase(), '4001', first['errorDeviceCount'], 'IT'],
      [idOf(second), 'somebody.else@contoso.example', '', '4002', ''],
      [idOf(third), '', '4003', '', ''],
      [idOf(third), '', '4004', '', ''],
      [idOf(fourth), '', fourth['successDeviceCount'], '', ''],
      ['not-in-the-list', '', '4005', '', ''],
    ];
    // As Excel writes "Unicode Text".
    const text = `sep=\t\r\n${Papa.unparse([header, ...lines], { delimiter: '\t' })}\r\n`;
    await choose('changes.txt', Buffer.from(`\uFEFF${text}`, 'utf16le'));
    await press('Preview changes');
    await heading('Check the changes');
    const summary = dialog.getByRole('status');
    await summary.getByText('2 changes, 1 unchanged line. 2 people are left out').waitFor();
    await summary.getByText('Ignored columns: Department.').waitFor();
    expect(await rows()).toEqual([
      [nameOf(first), 'Line 3', `Devices succeeded: ${first['successDeviceCount']} → 4,001`],
      [nameOf(second), 'Line 4', 'Not sent', expect.stringContaining('The file names somebody.else@contoso.example')],
      [
        nameOf(third),
        'Lines 5, 6',
        'Not sent',
        'Lines 5 and 6 set different values for Devices succeeded. Keep one of them.',
      ],
      [
        'not-in-the-list',
        'Line 8',
        'Devices succeeded: not known → 4,005',
        expect.stringContaining('Not in the loaded list.'),
      ],
    ]);
    await expectAccessible();
    await dialog.getByRole('switch', { name: 'Only with warnings (3)' }).click();
    expect((await rows()).map(([name]) => name)).toEqual([nameOf(second), nameOf(third), 'not-in-the-list']);

    await press('Back');
    await heading('Import changes from CSV');
    await dialog.getByText('Selected: changes.txt').waitFor();
    await press('Preview changes');
    await dialog.getByRole('checkbox', { name: 'Rename people' }).check();
    await summary.getByText('3 changes, 1 unchanged line. 1 person is left out').waitFor();
    await press('Send changes');
    await heading('2 changed, 1 failed');
    // Graph does not have the other state, so that nothing is sent for it.
    expect(new Map(await receivedPatches(app.simulator))).toEqual(
      new Map<string, object>([
        [idOf(first), { userPrincipalName: nameOf(first).toUpperCase(), successDeviceCount: 4001 }],
        [idOf(second), { userPrincipalName: 'somebody.else@contoso.example', errorDeviceCount: 4002 }],
      ]),
    );
  });

  test('is what the update replaces: a change by somebody else is reported and not overwritten', async () => {
    const { dialog, person, press, heading } = await openImport();
    const { scriptUserState } = app.service.client;
    const scriptId = person(0)['scriptId'] ?? '';
    const states = [0, 1].map((index) => idOf(person(index)));
    const target = { scriptKind: 'deviceManagementScript', scriptId, userStateId: states[0] ?? '' } as const;
    const lines = states.map((id) => `${id},5001`);
    await dialog.getByLabel('CSV lines').fill(['userStateId,errorDeviceCount', ...lines].join('\n'));
    await press('Preview changes');
    await heading('Check the changes');
    await scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 4999 } });
    await press('Send changes');
    await heading('1 changed, 1 failed');
    const row = dialog.getByRole('region', { name: 'Rows' }).getByRole('listitem');
    await row.getByText('The values have changed').waitFor();
    const words = await row.innerText();
    expect(words).toContain('The values have changed');
    expect(words).toContain('4,999 failed.');
    expect(await scriptUserState.get.query(target)).toMatchObject({ errorDeviceCount: 4999 });
    // The report shows the current values, so they may be replaced now.
    await press('Apply to the new values (1)');
    await heading(/^1 changed$/);
    expect(await scriptUserState.get.query(target)).toMatchObject({ errorDeviceCount: 5001 });
  });
});
