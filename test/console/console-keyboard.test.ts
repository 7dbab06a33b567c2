import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { patches } from '../support/bulk.js';
import { describeInChromium } from '../support/chromium.js';
import { type Site, startSite } from '../support/console.js';
import { asked } from '../support/console-many.js';

const script = 'Rotate local admin password - Engineering';
const people = 140;

/** The page, for somebody without a mouse. */
function keys(page: Page) {
  const press = (...names: readonly string[]) =>
    names.reduce<Promise<void>>((before, name) => before.then(() => page.keyboard.press(name)), Promise.resolve());
  const has = async (target: Locator) => (await target.and(page.locator(':focus')).count()) > 0;
  /** Waits until something has the focus. */
  const holds = (target: Locator) => target.and(page.locator(':focus')).waitFor();
  /** Presses a key until something has the focus; who has to press it that often will not find it. */
  async function seek(target: Locator, key = 'Tab', atMost = 40): Promise<void> {
    await target.waitFor();
    for (let pressed = 0; pressed < atMost && !(await has(target)); pressed++) await press(key);
    expect(await has(target), `by ${key} to ${String(target)}`).toBe(true);
  }
  return { press, holds, seek, type: (text: string) => page.keyboard.type(text) };
}

describeInChromium('the console without a mouse', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterEach(async () => {
    await site.simulator.reset();
    expect(site.complaints).toEqual([]);
  });
  afterAll(() => site.stop());

  /** Comes to the long script of another kind than the first, from where the page begins. */
  async function arrive() {
    const { page, open, expectAccessible } = await site.desk();
    const { press, holds, seek, type } = keys(page);
    await open();
    await seek(page.getByRole('tab', { name: /^PowerShell/ }));
    await press('ArrowRight');
    await holds(page.getByRole('tab', { name: /^Shell/ }));
    await press('Enter');
    await seek(page.getByRole('searchbox', { name: 'Find a script' }));
    await type('rotate local');
    const option = page.getByRole('option', { name: script, exact: true });
    await option.waitFor();
    await press('Tab');
    await seek(option, 'ArrowDown');
    await press('Enter');
    await page.getByRole('heading', { level: 2, name: script }).waitFor();
    await page.getByText(`${people} people`, { exact: true }).waitFor();
    expect(await option.getAttribute('aria-selected')).toBe('true');
    const row = (index: number) => page.locator(`[role=row][aria-rowindex="${index + 2}"]`);
    return { page, press, holds, seek, type, row, expectAccessible };
  }

  test('a script is found and chosen, its people are sorted and looked for', async () => {
    const { page, press, holds, seek, type, row, expectAccessible } = await arrive();
    const header = (name: string) => page.getByRole('columnheader', { name, exact: true }).getByRole('button');
    const sorted = (name: string) => page.getByRole('columnheader', { name, exact: true }).getAttribute('aria-sort');
    await seek(page.getByRole('checkbox', { name: /^Select all/ }));
    await press('ArrowRight');
    await holds(header('Person'));
    await press('Enter');
    await expect.poll(() => sorted('Person')).toBe('ascending');
    expect(await sorted('Failed')).toBe('none');
    const first = await row(0).getByRole('gridcell').nth(1).innerText();
    await holds(header('Person'));
    await press('Space');
    await expect.poll(() => sorted('Person')).toBe('descending');
    await expect.poll(() => row(0).getByRole('gridcell').nth(1).innerText()).not.toBe(first);

    await seek(page.getByRole('searchbox', { name: 'Find a person' }), 'Shift+Tab');
    await type(first.slice(0, 6));
    await page.getByText(/^\d+ of 140 people$/).waitFor();
    const names = await page
      .getByRole('row')
      .filter({ has: page.getByRole('gridcell') })
      .allInnerTexts();
    expect(names.filter((text) => !text.includes(first.slice(0, 6)))).toEqual([]);
    await press('ControlOrMeta+A', 'Delete');
    await page.getByText('140 people', { exact: true }).waitFor();
    await seek(page.getByRole('switch', { name: 'Only with errors' }));
    await press('Space');
    await page.getByText(/^\d+ of 140 people$/).waitFor();
    expect(await row(0).getByRole('gridcell').nth(3).innerText()).not.toBe('0');
    await expectAccessible();
  });

  test('the arrow keys go through everybody, and what is opened gives the focus back', async () => {
    const { page, press, holds, seek, type, row } = await arrive();
    const dialog = page.getByRole('dialog');
    const name = (index: number) => row(index).getByRole('gridcell').getByRole('button').first();
    await seek(page.getByRole('checkbox', { name: /^Select all/ }));
    await press('ArrowRight');
    const seen = new Set<string>();
    for (let index = 0; index < people; index++) {
      await press('ArrowDown');
      await holds(name(index));
      seen.add(await name(index).innerText());
    }
    // Some have no name; no two are called the same.
    expect(seen.size).toBe(people);
    const last = people - 1;

    await press('Enter');
    await page.getByRole('dialog', { name: /^Devices of/ }).waitFor();
    await holds(dialog.getByRole('button', { name: 'Close' }));
    await press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await holds(name(last));

    const person = await name(last).innerText();
    const button = row(last).getByRole('button', { name: `Edit ${person}` });
    await seek(button, 'ArrowRight', 3);
    await press('Enter');
    await seek(dialog.getByLabel('Devices succeeded'));
    await press('ControlOrMeta+A');
    await type('4321');
    await press('Enter');
    await page.getByText(`Saved: ${person}`).first().waitFor();
    await dialog.waitFor({ state: 'detached' });
    await row(last).getByText('4,321').waitFor();
    await holds(button);
    expect((await asked(site.simulator)).map(([, fields]) => fields)).toEqual([{ successDeviceCount: 4321 }]);
    await press('Enter');
    await dialog.waitFor();
    await press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await holds(button);
  });

  test('people are selected and changed together', async () => {
    const { page, press, holds, seek, type, row, expectAccessible } = await arrive();
    const dialog = page.locator('[role=dialog], [role=alertdialog]');
    await seek(page.getByRole('checkbox', { name: /^Select all/ }));
    await press('ArrowDown', 'Space', 'ArrowDown', 'ArrowDown', 'Space');
    const opener = page.getByRole('button', { name: 'Change selected (2)' });
    await seek(opener, 'Shift+Tab');
    const names = await Promise.all([0, 2].map((index) => row(index).getByRole('gridcell').nth(1).innerText()));
    await press('Enter');
    await dialog.waitFor();
    await seek(dialog.getByLabel('Devices failed'));
    await type('many');
    await press('Enter');
    await dialog.getByText('wants a whole number').waitFor();
    await holds(dialog.getByLabel('Devices failed'));
    await press('ControlOrMeta+A');
    await type('4444');
    await seek(dialog.getByRole('button', { name: 'Start' }));
    expect(await patches(site.simulator)).toEqual([]);
    await press('Enter');
    // What is said first is read out: it has the focus.
    await holds(dialog.getByRole('heading', { name: '2 changed', exact: true }));
    await expectAccessible();
    await seek(dialog.getByRole('button', { name: 'Close' }));
    await press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await holds(page.getByRole('button', { name: /^Change selected/ }));
    for (const name of names) await page.getByRole('row', { name }).getByText('4,444').waitFor();
    expect((await asked(site.simulator)).map(([, fields]) => fields)).toEqual([
      { errorDeviceCount: 4444 },
      { errorDeviceCount: 4444 },
    ]);
    expect(await patches(site.simulator)).toHaveLength(2);
  });
});
