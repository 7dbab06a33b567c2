import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { receivedPatches } from '../support/console-bulk.js';
import { patches } from '../support/journal.js';

const script = 'Rotate local admin password - Engineering';
const people = 140;

/** Keyboard input on a page. */
function keyboard(page: Page) {
  const press = (...names: readonly string[]) =>
    names.reduce<Promise<void>>((before, name) => before.then(() => page.keyboard.press(name)), Promise.resolve());
  const hasFocus = async (target: Locator) => (await target.and(page.locator(':focus')).count()) > 0;
  /** Waits until an element has the focus. */
  const waitForFocus = (target: Locator) => target.and(page.locator(':focus')).waitFor();
  /** Presses a key until an element has the focus, but not more often than a user would. */
  async function moveTo(target: Locator, key = 'Tab', atMost = 40): Promise<void> {
    await target.waitFor();
    for (let pressed = 0; pressed < atMost && !(await hasFocus(target)); pressed++) await press(key);
    expect(await hasFocus(target), `by ${key} to ${String(target)}`).toBe(true);
  }
  return { press, waitForFocus, moveTo, type: (text: string) => page.keyboard.type(text) };
}

describeConsole('the console without a mouse', {}, (app) => {
  /** Opens the script from the start page. */
  async function openScript() {
    const { page, open, expectAccessible, expectToast } = await app.openSession();
    const { press, waitForFocus, moveTo, type } = keyboard(page);
    await open();
    await page.getByRole('table', { name: 'Scripts' }).waitFor();
    await moveTo(page.getByRole('searchbox', { name: 'Find a script' }));
    await type('rotate local admin password - eng');
    await page.getByText(/^\d of 300 scripts$/).waitFor();
    await moveTo(page.getByRole('table', { name: 'Scripts' }).getByRole('link', { name: script, exact: true }).first());
    await press('Enter');
    // The heading of the page has the focus, so that screen readers announce it.
    await waitForFocus(page.getByRole('heading', { level: 1, name: script }));
    await page.getByText(`${people} people`, { exact: true }).waitFor();
    const row = (index: number) => page.locator(`[role=row][aria-rowindex="${index + 2}"]`);
    return { page, press, waitForFocus, moveTo, type, row, expectAccessible, expectToast };
  }

  test('a script can be found and selected, its people can be sorted and filtered', async () => {
    const { page, press, waitForFocus, moveTo, type, row, expectAccessible } = await openScript();
    const header = (name: string) => page.getByRole('columnheader', { name, exact: true }).getByRole('button');
    const sorted = (name: string) => page.getByRole('columnheader', { name, exact: true }).getAttribute('aria-sort');
    await moveTo(page.getByRole('checkbox', { name: /^Select all/ }));
    await press('ArrowRight');
    await waitForFocus(header('Person'));
    await press('Enter');
    await expect.poll(() => sorted('Person')).toBe('ascending');
    expect(await sorted('Failed')).toBe('none');
    const first = await row(0).getByRole('gridcell').nth(1).innerText();
    await waitForFocus(header('Person'));
    await press('Space');
    await expect.poll(() => sorted('Person')).toBe('descending');
    await expect.poll(() => row(0).getByRole('gridcell').nth(1).innerText()).not.toBe(first);

    await moveTo(page.getByRole('searchbox', { name: 'Find a person' }), 'Shift+Tab');
    await type(first.slice(0, 6));
    await page.getByText(/^\d+ of 140 people$/).waitFor();
    const names = await page
      .getByRole('row')
      .filter({ has: page.getByRole('gridcell') })
      .allInnerTexts();
    expect(names.filter((text) => !text.includes(first.slice(0, 6)))).toEqual([]);
    await press('ControlOrMeta+A', 'Delete');
    await page.getByText('140 people', { exact: true }).waitFor();
    await moveTo(page.getByRole('combobox', { name: 'Outcome' }));
    await press('ArrowDown');
    await page.getByText(/^\d+ of 140 people$/).waitFor();
    expect(await row(0).getByRole('gridcell').nth(3).innerText()).not.toBe('0');
    await expectAccessible();
  });

  test('the arrow keys reach every row, and dialogs return the focus', async () => {
    const { page, press, waitForFocus, moveTo, type, row, expectToast } = await openScript();
    const dialog = page.getByRole('dialog');
    const name = (index: number) => row(index).getByRole('gridcell').getByRole('button').first();
    await moveTo(page.getByRole('checkbox', { name: /^Select all/ }));
    await press('ArrowRight');
    const seen = new Set<string>();
    for (let index = 0; index < people; index++) {
      await press('ArrowDown');
      await waitForFocus(name(index));
      seen.add(await name(index).innerText());
    }
    // Displayed names are unique, also those of people without a name.
    expect(seen.size).toBe(people);
    const last = people - 1;

    await press('Enter');
    await page.getByRole('dialog', { name: /^Devices of/ }).waitFor();
    await waitForFocus(dialog.getByRole('button', { name: 'Close' }));
    await press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await waitForFocus(name(last));

    const person = await name(last).innerText();
    const button = row(last).getByRole('button', { name: `Edit ${person}` });
    await moveTo(button, 'ArrowRight', 3);
    await press('Enter');
    await moveTo(dialog.getByLabel('Devices succeeded'));
    await press('ControlOrMeta+A');
    await type('4321');
    await press('Enter');
    await expectToast(`Saved: ${person}`);
    await dialog.waitFor({ state: 'detached' });
    await row(last).getByText('4,321').waitFor();
    await waitForFocus(button);
    expect((await receivedPatches(app.simulator)).map(([, fields]) => fields)).toEqual([{ successDeviceCount: 4321 }]);
    await press('Enter');
    await dialog.waitFor();
    await press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await waitForFocus(button);
  });

  test('people can be selected and updated together', async () => {
    const { page, press, waitForFocus, moveTo, type, row, expectAccessible } = await openScript();
    const dialog = page.locator('[role=dialog], [role=alertdialog]');
    await moveTo(page.getByRole('checkbox', { name: /^Select all/ }));
    await press('ArrowDown', 'Space', 'ArrowDown', 'ArrowDown', 'Space');
    const opener = page.getByRole('button', { name: 'Change selected (2)' });
    await moveTo(opener, 'Shift+Tab');
    const names = await Promise.all([0, 2].map((index) => row(index).getByRole('gridcell').nth(1).innerText()));
    await press('Enter');
    await dialog.waitFor();
    await moveTo(dialog.getByLabel('Devices failed'));
    await type('many');
    await press('Enter');
    await dialog.getByText('Enter a whole number').waitFor();
    await waitForFocus(dialog.getByLabel('Devices failed'));
    await press('ControlOrMeta+A');
    await type('4444');
    await moveTo(dialog.getByRole('button', { name: 'Send changes' }));
    expect(await patches(app.simulator)).toEqual([]);
    await press('Enter');
    // The heading has the focus, so that screen readers announce it.
    await waitForFocus(dialog.getByRole('heading', { name: '2 changed', exact: true }));
    await expectAccessible();
    await moveTo(dialog.getByRole('button', { name: 'Close' }));
    await press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await waitForFocus(page.getByRole('button', { name: /^Change selected/ }));
    for (const name of names) await page.getByRole('row', { name }).getByText('4,444').waitFor();
    expect((await receivedPatches(app.simulator)).map(([, fields]) => fields)).toEqual([
      { errorDeviceCount: 4444 },
      { errorDeviceCount: 4444 },
    ]);
    expect(await patches(app.simulator)).toHaveLength(2);
  });
});
