import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { openShort, receivedPatches } from '../support/console-bulk.js';
import { edit, rowOf } from '../support/console-edit.js';

/** Runs in the page: whether it would ask now. */
const wouldAsk = `!dispatchEvent(new Event('beforeunload', { cancelable: true }))`;

/** Closes a tab as its user does, and stays on it if the browser asks. Expects whether the browser asks. */
async function close(page: Page, { asks }: { readonly asks: boolean }): Promise<void> {
  // The page needs a moment after the last key.
  await expect.poll(() => page.evaluate(wouldAsk), { timeout: 30_000 }).toBe(asks);
  const asked = page.waitForEvent('dialog').then(async (question) => {
    expect(question.type()).toBe('beforeunload');
    await question.dismiss();
    return true;
  });
  const closed = page.waitForEvent('close').then(() => false);
  // The one that does not happen fails at the end of the session.
  for (const each of [asked, closed]) each.catch(() => undefined);
  await page.close({ runBeforeUnload: true });
  expect(await Promise.race([asked, closed])).toBe(asks);
}

describeConsole('closing a tab', {}, (app) => {
  test('asks if an edit has typed text, and only then', async () => {
    const { page, dialog, field, before, typed } = await edit(await app.openSession());
    await close(page, { asks: true });
    expect(await field.inputValue()).toBe(typed);
    await field.fill(before);
    await close(page, { asks: false });
    expect(await dialog.count().catch(() => 0)).toBe(0);
  });

  test('does not ask after an edit has been saved or discarded', async () => {
    const { page, dialog, field, typed, saves, row, click } = await edit(await app.openSession());
    await saves('Save');
    await row.getByRole('button', { name: 'Edit' }).click();
    await field.fill(`${typed}1`);
    await click('Cancel');
    await page.getByRole('button', { name: 'Discard', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await close(page, { asks: false });
  });

  test('asks if values for many people have been typed, until the service has them', async () => {
    const { page, dialog, selectAll, press } = await openShort(app);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('31');
    await close(page, { asks: true });
    await press('Send changes');
    await dialog.getByText('Done', { exact: true }).waitFor();
    expect(await receivedPatches(app.simulator)).toHaveLength(8);
    await close(page, { asks: false });
  });

  test('asks while a job could not be started, which says that nothing was sent', async () => {
    const { page, context, dialog, selectAll, press } = await openShort(app);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('32');
    await context.setOffline(true);
    await press('Send changes');
    await dialog.getByText('The change was not sent. Try again when you are online.').waitFor();
    await close(page, { asks: true });
    await context.setOffline(false);
    await page.getByText('You are offline.').waitFor({ state: 'detached' });
    await press('Send again');
    await dialog.getByText('Done', { exact: true }).waitFor();
    expect(await receivedPatches(app.simulator)).toHaveLength(8);
  });

  test('asks if an import has rows that have not been started', async () => {
    const { page, dialog, press, heading } = await openShort(app);
    await page.getByRole('button', { name: 'Import CSV' }).click();
    const buffer = Buffer.from('userStateId,errorDeviceCount\nnot-in-the-list,3\n');
    await dialog.locator('input[type=file]').setInputFiles({ name: 'changes.csv', mimeType: 'text/csv', buffer });
    await dialog.getByText('changes.csv').waitFor();
    await close(page, { asks: true });
    await press('Preview changes');
    await heading('Check the changes');
    await close(page, { asks: true });
    await press('Back');
    await heading('Import changes from CSV');
    await close(page, { asks: true });
  });

  test('does not ask because of searches and selections, nor of dialogs without text', async () => {
    const { page, dialog, selectAll } = await openShort(app);
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
    await rowOf(page).waitFor();
    await selectAll();
    await dialog.getByLabel('Devices failed').waitFor();
    await close(page, { asks: false });
  });
});
