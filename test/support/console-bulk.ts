import { readFile } from 'node:fs/promises';
import Papa from 'papaparse';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { BrowserSession } from './browser-session.js';
import type { TestConsole } from './console.js';
import type { Controls, JournalEntry } from './controls.js';
import { patches, stateOf } from './journal.js';

/** The values of all updates that Graph received, by the id of the state, in order of arrival. */
export async function receivedPatches(
  simulator: Pick<Controls, 'journal'>,
): Promise<readonly (readonly [string, object])[]> {
  return (await patches(simulator)).map((entry) => {
    const { '@odata.type': _type, ...fields } = entry.body as Record<string, unknown>;
    return [stateOf(entry), fields];
  });
}

/** The ids of the states that Graph has changed. */
export async function changedStates(simulator: Pick<Controls, 'journal'>): Promise<ReadonlySet<string>> {
  return new Set(
    (await patches(simulator)).filter(({ applied }) => applied).map((entry: JournalEntry) => stateOf(entry)),
  );
}

/** Cancels the jobs that wait for approval, so that the next test does not find their rows. */
export async function cancelWaitingJobs({ client }: Pick<TestConsole['service'], 'client'>): Promise<void> {
  const { items } = await client.updateJob.list.query({});
  const waiting = items.filter(({ state }) => state === 'waiting-for-approval');
  await Promise.all(waiting.map(({ jobId }) => client.updateJob.cancel.mutate({ jobId })));
}

/** Clicks a button that downloads a file. */
export async function download(page: Page, button: string): Promise<{ readonly name: string; readonly text: string }> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

/** The lines of a CSV file, by column. */
export function parseCsv(text: string): Record<string, string>[] {
  expect(text.startsWith('\uFEFF')).toBe(true);
  return Papa.parse<Record<string, string>>(text.slice(1), { header: true }).data;
}

/** A session with an open script. */
export interface BulkSession extends BrowserSession {
  readonly dialog: Locator;
  readonly press: (button: string) => Promise<void>;
  /** Waits for a heading in the dialog and returns its text. */
  readonly heading: (text: string | RegExp) => Promise<string>;
  /** The texts of the rows of the job that are shown, with their lines separated by line breaks. */
  readonly rows: () => Promise<readonly string[]>;
  /** Shows the rows with an outcome. */
  readonly show: (outcome: string) => Promise<void>;
  /** Selects all visible people and opens the bulk dialog. */
  readonly selectAll: () => Promise<void>;
}

type OpenSession = Pick<TestConsole, 'openSession'>;

/** Opens a script and waits until all of its pages have been loaded. */
async function openScript(app: OpenSession, kind: string, script: string, people: number): Promise<BulkSession> {
  const session = await app.openSession();
  const { page } = session;
  await session.open();
  await session.selectScript(kind, script);
  await page.getByText(`${people} people`, { exact: true }).waitFor();
  const dialog = page.locator('[role=dialog], [role=alertdialog]');
  const press = (name: string) => dialog.getByRole('button', { name, exact: true }).click();
  return {
    ...session,
    dialog,
    press,
    async heading(text) {
      const heading = dialog.getByRole('heading', { level: 3, name: text });
      await heading.waitFor();
      return heading.innerText();
    },
    rows: () => dialog.getByRole('region', { name: 'Rows' }).getByRole('listitem').allInnerTexts(),
    async show(outcome) {
      const filter = dialog
        .getByRole('group', { name: 'Rows by outcome' })
        .getByRole('button', { name: `${outcome} (` });
      await filter.click();
      await dialog.getByText('Loading rows').waitFor({ state: 'detached' });
    },
    async selectAll() {
      await page.getByRole('checkbox', { name: /^Select all/ }).click();
      await page.getByRole('button', { name: /^Change selected/ }).click();
      await dialog.waitFor();
    },
  };
}

/** Opens a script with 8 people. */
export const openShort = (app: OpenSession) => openScript(app, 'PowerShell', 'Clean up temp folders - Kiosks', 8);

/** Opens a script with 140 people, on three of Graph's pages. */
export const openLong = (app: OpenSession) =>
  openScript(app, 'PowerShell', 'Enable BitLocker recovery backup - Engineering', 140);
