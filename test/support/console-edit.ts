import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Reason } from '../../src/contract.js';
import type { BrowserSession } from './browser-session.js';
import type { TestConsole } from './console.js';
import type { FaultRule } from './controls.js';

/** A fault of Graph, the reason that it results in, and the texts with which the page shows it. */
export type FaultCase = [reason: Reason, fault: FaultRule, ...texts: string[]];

/** A script of the simulated tenant, and a person in its list. */
export const script = 'Clean up temp folders - Kiosks';
const person = 'amir.zielinski';

/** The row of a person. A selector by attribute also finds it behind a modal dialog, where it is `aria-hidden`. */
export const rowOf = (page: Page, name = person) => page.locator('[role=row]', { hasText: name });

/** The number of failed devices in a row. */
const failedIn = (row: Locator) => row.locator('[role=gridcell]').nth(3);

/** A session with an open edit dialog. */
export interface EditSession extends BrowserSession {
  readonly row: Locator;
  readonly dialog: Locator;
  readonly field: Locator;
  /** The number of failed devices in the row, and the one in the dialog. */
  readonly before: string;
  readonly typed: string;
  readonly click: (button: string) => Promise<void>;
  /** Waits until the row shows a number of failed devices. */
  readonly rowShows: (failed: string) => Promise<void>;
  /** Clicks a button and waits until the change has been saved. */
  readonly saves: (button: string) => Promise<void>;
}

/** Opens the edit dialog of a person and enters one failed device more. */
export async function edit(session: BrowserSession): Promise<EditSession> {
  const { page } = session;
  await session.open();
  await session.selectScript('PowerShell', script);
  const row = rowOf(page);
  const before = (await failedIn(row).textContent()) ?? '';
  const typed = String(Number(before.replaceAll(',', '')) + 1);
  const dialog = page.getByRole('dialog');
  const field = dialog.getByLabel('Devices failed');
  const click = (button: string) => dialog.getByRole('button', { name: button, exact: true }).click();
  const rowShows = (failed: string) => failedIn(row).getByText(failed, { exact: true }).waitFor();
  // The dialog reads the state when it opens.
  await Promise.all([page.waitForResponse(/scriptUserState\.get/), row.getByRole('button', { name: 'Edit' }).click()]);
  await field.fill(typed);
  return {
    ...session,
    row,
    dialog,
    field,
    before,
    typed,
    click,
    rowShows,
    async saves(button) {
      await click(button);
      await session.expectToast(`Saved: ${person}`);
      await dialog.waitFor({ state: 'detached' });
      await rowShows(typed);
    },
  };
}

/** Expects the texts of a failure, and a request ID with which the log has that failure. */
export async function expectFailure(
  { service }: Pick<TestConsole, 'service'>,
  within: Locator,
  reason: Reason,
  ...texts: readonly string[]
): Promise<void> {
  const notice = within.getByRole('group').filter({ hasText: texts[0] ?? '' });
  await notice.waitFor();
  const text = await notice.textContent();
  for (const each of texts) expect(text).toContain(each);
  const requestId = /Request ID: (\S+)/.exec(text ?? '')?.[1] ?? 'none';
  await expect.poll(() => service.lines({ requestId, reason })).not.toEqual([]);
}
