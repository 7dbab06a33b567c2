import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Reason } from '../../src/contract.js';
import type { BrowserSession, Site } from './console.js';
import type { FaultRule } from './simulator.js';

/** What the simulator does, the reason that comes of it, and the words that the page has for that. */
export type Case = [reason: Reason, fault: FaultRule, ...words: string[]];

/** A script of the simulated tenant, and one person of its list. */
export const script = 'Clean up temp folders - Kiosks';
const person = 'amir.zielinski';

/** The row of a person. A dialog hides what is behind it from everybody but the eye: so it is looked for by what is seen. */
export const rowOf = (page: Page, name = person) => page.locator('[role=row]', { hasText: name });

/** How many devices failed, as the row says. */
const failedIn = (row: Locator) => row.locator('[role=gridcell]').nth(3);

/** Somebody who is changing a state. */
export interface Editing extends BrowserSession {
  readonly row: Locator;
  readonly dialog: Locator;
  readonly field: Locator;
  /** What the row said before, and what is typed instead. */
  readonly before: string;
  readonly typed: string;
  readonly click: (button: string) => Promise<void>;
  /** Expects the row to show a number of failed devices. */
  readonly shows: (failed: string) => Promise<void>;
  /** Sends what is typed, and expects it to be saved. */
  readonly saves: (button: 'Save' | 'Send again') => Promise<void>;
}

/** Opens the dialog of a person and types one failed device more. */
export async function edit(desk: BrowserSession): Promise<Editing> {
  const { page } = desk;
  await desk.open();
  await desk.choose('PowerShell', script);
  const row = rowOf(page);
  const before = (await failedIn(row).textContent()) ?? '';
  const typed = String(Number(before.replaceAll(',', '')) + 1);
  const dialog = page.getByRole('dialog');
  const field = dialog.getByLabel('Devices failed');
  const click = (button: string) => dialog.getByRole('button', { name: button, exact: true }).click();
  const shows = (failed: string) => failedIn(row).getByText(failed, { exact: true }).waitFor();
  await row.getByRole('button', { name: 'Edit' }).click();
  await field.fill(typed);
  return {
    ...desk,
    row,
    dialog,
    field,
    before,
    typed,
    click,
    shows,
    async saves(button) {
      await click(button);
      await page.getByText(`Saved: ${person}`).first().waitFor();
      await dialog.waitFor({ state: 'detached' });
      await shows(typed);
    },
  };
}

/** Expects a failure's title and what to do next, and a request id by which the log knows that very failure. */
export async function expectFailure(
  { service }: Site,
  within: Locator,
  reason: Reason,
  ...words: readonly string[]
): Promise<void> {
  const notice = within.getByRole('group').filter({ hasText: words[0] ?? '' });
  await notice.waitFor();
  const text = await notice.textContent();
  for (const each of words) expect(text).toContain(each);
  const requestId = /Request id: (\S+)/.exec(text ?? '')?.[1] ?? 'none';
  await expect.poll(() => service.lines({ requestId, reason })).not.toEqual([]);
}
