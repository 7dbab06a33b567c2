import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { pressEscape } from '../support/browser-session.js';
import { describeConsole } from '../support/console.js';
import { openShort, receivedPatches } from '../support/console-bulk.js';
import { edit, script } from '../support/console-edit.js';
import { patches } from '../support/journal.js';

/** Expects that an element has the focus, is marked as invalid, and is described by an error. */
async function expectError(field: Locator, error: string): Promise<void> {
  await expect.poll(() => field.evaluate((element) => element.matches(':focus'))).toBe(true);
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  expect(await descriptionOf(field)).toContain(error);
}

const descriptionOf = (field: Locator) =>
  field.evaluate((element) =>
    (element.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => element.ownerDocument.getElementById(id)?.textContent)
      .join(' '),
  );

describeConsole('the forms of the console', {}, (app) => {
  const expectUnsent = async () => expect(await patches(app.simulator)).toEqual([]);

  /** Expects that a way to close a dialog asks first, and that the answer decides. */
  async function expectQuestion(dialog: Locator, field: Locator, close: () => Promise<void>): Promise<void> {
    const page = dialog.page();
    const question = page.getByRole('alertdialog', { name: 'Discard what you entered?' });
    const text = await field.inputValue();
    await field.focus();
    await close();
    await question.waitFor();
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect(await field.inputValue()).toBe(text);
    await close();
    await question.getByRole('button', { name: 'Keep editing' }).click();
    await question.waitFor({ state: 'detached' });
    expect(await field.inputValue()).toBe(text);
    await close();
    await question.getByRole('button', { name: 'Discard', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await page.locator('[role=dialog], [role=alertdialog]').count()).toBe(0);
    await expectUnsent();
  }

  test('an edit names the person and the script, and reports errors at their fields', async () => {
    const { page, dialog, field, click, expectAccessible } = await edit(await app.openSession());
    await page.getByRole('dialog', { name: /^Edit amir\.zielinski.*Clean up temp folders - Kiosks$/ }).waitFor();
    const succeeded = dialog.getByLabel('Devices succeeded');
    const name = dialog.getByLabel('User principal name');
    await field.fill('1.000');
    await name.fill('');
    await click('Save');
    await expectError(field, 'Enter a whole number with digits only, such as 1000 (not 1,000 or 1.000)');
    expect(await descriptionOf(name)).toContain('Must not be empty');
    await succeeded.fill('-1');
    await click('Save');
    await expectError(succeeded, 'Must be 0 or more');
    await expectAccessible();
    await expectUnsent();
    await succeeded.fill('44.0');
    await field.fill(' 55 ');
    await name.fill('amir.zielinski@fabrikam.example');
    expect(await descriptionOf(field)).not.toContain('Enter');
    await click('Save');
    await dialog.waitFor({ state: 'detached' });
    expect((await receivedPatches(app.simulator)).map(([, fields]) => fields)).toEqual([
      { successDeviceCount: 44, errorDeviceCount: 55, userPrincipalName: 'amir.zielinski@fabrikam.example' },
    ]);
  });

  test('an edit asks before it discards what was typed', async () => {
    const { page, dialog, field, before, typed, row } = await edit(await app.openSession());
    const address = page.url();
    await field.fill(before);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    for (const close of [
      () => pressEscape(page),
      () => dialog.getByRole('button', { name: 'Cancel' }).click(),
      () => page.evaluate<void>('history.back()'),
    ]) {
      await row.getByRole('button', { name: 'Edit' }).click();
      await field.fill(typed);
      await expectQuestion(dialog, field, close);
      expect(page.url()).toBe(address);
    }
  });

  test('an edit that requires a justification asks for it at its field', async () => {
    await app.simulator.settings({ approval: true });
    const { dialog, click } = await edit(await app.openSession());
    await click('Save');
    const justification = dialog.getByRole('textbox', { name: 'Justification' });
    await expect.poll(() => justification.evaluate((element) => element.matches(':focus'))).toBe(true);
    expect(await descriptionOf(justification)).toBe(
      'Explain why the change is needed. The administrator who approves it reads this.',
    );
    await justification.fill('   ');
    await click('Send again');
    await expectError(justification, 'Enter a justification');
    expect(await patches(app.simulator)).toHaveLength(1);
  });

  test('counts for several people behave like an edit', async () => {
    const { page, dialog, press, selectAll, heading } = await openShort(app);
    await selectAll();
    await expect.poll(() => dialog.getByRole('heading', { level: 2 }).innerText()).toContain(script);
    const succeeded = dialog.getByLabel('Devices succeeded');
    const failed = dialog.getByLabel('Devices failed');
    await press('Send changes');
    await expectError(succeeded, 'Enter a number in at least one field');
    await failed.fill('3,0');
    await press('Send changes');
    await expectError(failed, 'Enter a whole number');
    expect(await succeeded.getAttribute('aria-invalid')).not.toBe('true');
    await failed.fill('9999999999');
    await press('Send changes');
    await expectError(failed, 'Must be at most 2147483647');
    await expectQuestion(dialog, failed, () => pressEscape(page));
    await page.getByRole('button', { name: /^Change selected/ }).click();
    await failed.fill('3.0');
    await press('Send changes');
    await heading('8 changed');
    const sent = await receivedPatches(app.simulator);
    expect(sent.map(([, fields]) => fields)).toEqual(sent.map(() => ({ errorDeviceCount: 3 })));
  });

  test('an import reports its errors at the lines or at the file', async () => {
    const { page, dialog, press, expectAccessible } = await openShort(app);
    const openImport = () => page.getByRole('button', { name: 'Import CSV' }).click();
    await openImport();
    const lines = dialog.getByLabel('CSV lines');
    await press('Preview changes');
    await expectError(lines, 'Choose a file, or paste lines here');
    await lines.fill('userStateId,errorDeviceCount\na,1.000');
    expect(await lines.getAttribute('aria-invalid')).not.toBe('true');
    await press('Preview changes');
    await expectError(lines, '1 problem. Correct the lines, then try again.');

    const file = dialog.getByRole('button', { name: 'Choose file' });
    const fileHasError = async (error: string) => {
      await expect.poll(() => descriptionOf(file)).toContain(error);
      expect(await file.evaluate((element) => element.matches(':focus'))).toBe(true);
    };
    const choose = (content: Buffer) =>
      dialog.locator('input[type=file]').setInputFiles({ name: 'any.txt', mimeType: 'text/plain', buffer: content });
    await choose(Buffer.from('PK\u0003\u0004'));
    await fileHasError('The file is a workbook.');
    await choose(Buffer.from('userStateId,errorDeviceCount\na,1.000'));
    await press('Preview changes');
    await fileHasError('1 problem. Correct the lines, then try again.');
    await expectAccessible();
    await page.keyboard.press('Escape');
    const question = page.getByRole('alertdialog', { name: 'Discard what you entered?' });
    await question.getByRole('button', { name: 'Keep editing' }).click();
    await lines.fill('anything');
    await expectQuestion(dialog, lines, () => press('Close'));
    await openImport();
    expect(await lines.inputValue()).toBe('');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });
});
