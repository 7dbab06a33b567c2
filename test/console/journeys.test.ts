import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';

/** Presses a key until an element has the focus, but not more often than a user would. */
async function moveTo(page: Page, target: Locator, key = 'Tab', atMost = 60): Promise<void> {
  await target.waitFor();
  const hasFocus = async () => (await target.and(page.locator(':focus')).count()) > 0;
  for (let pressed = 0; pressed < atMost && !(await hasFocus()); pressed++) await page.keyboard.press(key);
  expect(await hasFocus(), `by ${key} to ${String(target)}`).toBe(true);
}

describeConsole('a morning with the console', {}, (app) => {
  test('an administrator finds the worst script, why it fails, and a person, corrects them, and sees the change', async () => {
    const { page, open, selectScript, expectToast, expectAccessible } = await app.openSession();
    const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true });
    await open();
    const worst = page.getByRole('region', { name: 'Summary' }).getByRole('listitem').first().getByRole('link');
    const script = (await page.getByRole('table', { name: 'Scripts' }).getByRole('link').first().innerText()).trim();
    await worst.click();
    await heading(script).waitFor();

    await page.getByRole('tab', { name: 'Errors' }).click();
    const groups = page.getByRole('tabpanel').getByRole('button', { expanded: false });
    await groups.first().click();
    const devices = page.getByRole('table', { name: 'Devices with this error' });
    const person = devices.getByRole('link').first();
    const name = (await person.innerText()).trim();
    await person.click();
    await heading(name).waitFor();
    const row = page.getByRole('table', { name: 'Scripts' }).getByRole('row').filter({ hasText: script });
    await row.waitFor();
    await expectAccessible();

    await selectScript('Shell', script);
    await page.getByText('140 people', { exact: true }).first().waitFor();
    await page.getByRole('searchbox', { name: 'Find a person' }).fill(name);
    await page.getByRole('button', { name: `Edit ${name}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Devices failed').fill('4321');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await expectToast(`Saved: ${name}`);

    await page.getByRole('link', { name: 'Activity' }).click();
    await heading('Activity').waitFor();
    const change = page.getByRole('table', { name: 'Changes' }).getByRole('row').nth(1);
    await change.getByText(/Devices failed \d+ → 4,321/).waitFor();
    for (const text of [name, script, 'Changed']) expect(await change.innerText()).toContain(text);
    await change.getByRole('link', { name }).click();
    await heading(name).waitFor();
  });

  test('a helpdesk agent finds a person and all their scripts by keyboard on a laptop at 125 %', async () => {
    const { page, open } = await app.openSession();
    await page.setViewportSize({ width: 1024, height: 614 });
    await open();
    const scripts = page.getByRole('table', { name: 'Scripts' });
    await scripts.waitFor();
    await moveTo(page, page.getByRole('searchbox', { name: 'Find a script' }));
    await page.keyboard.type('clean up temp folders - kiosks');
    await page.getByText(/^1 of 300 scripts$/).waitFor();
    await moveTo(page, scripts.getByRole('link'));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Clean up temp folders - Kiosks' }).waitFor();
    await moveTo(page, page.getByRole('searchbox', { name: 'Find a person' }));
    await page.keyboard.type('amir');
    await page
      .getByText(/^\d of 8 people$/)
      .first()
      .waitFor();
    await moveTo(page, page.getByRole('checkbox', { name: /^Select all/ }));
    await page.keyboard.press('ArrowDown');
    await moveTo(page, page.getByRole('gridcell').getByRole('button', { name: /^amir/ }).first(), 'ArrowRight', 3);
    await page.keyboard.press('Enter');
    const panel = page.getByRole('dialog', { name: /^Devices of amir/ });
    await moveTo(page, panel.getByRole('link', { name: 'All scripts of this person' }));
    await page.keyboard.press('Enter');
    const person = page.getByRole('heading', { level: 1, name: /^amir/ });
    await person.and(page.locator(':focus')).waitFor();
    await scripts.getByRole('link', { name: 'Clean up temp folders - Kiosks' }).waitFor();
    await moveTo(page, page.getByRole('link', { name: 'Activity' }), 'Shift+Tab');
  });
});
