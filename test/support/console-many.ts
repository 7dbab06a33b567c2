import { readFile } from 'node:fs/promises';
import Papa from 'papaparse';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { patches, stateOf } from './bulk.js';
import type { BrowserSession, Site } from './console.js';
import type { Controls, JournalEntry } from './simulator.js';

/** What Graph was asked to set, by the id of the state, in the order of arrival. */
export async function asked(simulator: Pick<Controls, 'journal'>): Promise<readonly (readonly [string, object])[]> {
  return (await patches(simulator)).map((entry) => {
    const { '@odata.type': _type, ...fields } = entry.body as Record<string, unknown>;
    return [stateOf(entry), fields];
  });
}

/** The states that Graph has changed. */
export async function changed(simulator: Pick<Controls, 'journal'>): Promise<ReadonlySet<string>> {
  return new Set(
    (await patches(simulator)).filter(({ applied }) => applied).map((entry: JournalEntry) => stateOf(entry)),
  );
}

/** Presses a button that hands over a file. */
export async function download(page: Page, button: string): Promise<{ readonly name: string; readonly text: string }> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

/** The lines of a CSV file by the names of their columns. */
export function linesOf(text: string): Record<string, string>[] {
  expect(text.startsWith('\uFEFF')).toBe(true);
  return Papa.parse<Record<string, string>>(text.slice(1), { header: true }).data;
}

/** Somebody who is about to change many. */
export interface Many extends BrowserSession {
  readonly dialog: Locator;
  readonly press: (button: string) => Promise<void>;
  /** Waits for a heading of the dialog's. */
  readonly heading: (words: string | RegExp) => Promise<string>;
  /** The rows of the report's table, each cell by cell. */
  readonly failures: () => Promise<readonly (readonly string[])[]>;
  /** Selects everybody who is shown, and asks for what is to be set for them. */
  readonly selectAll: () => Promise<void>;
}

/** Opens a script and waits until all of it is there. */
async function openScript(site: Site, kind: string, script: string, people: number): Promise<Many> {
  const desk = await site.desk();
  const { page } = desk;
  await desk.open();
  await desk.choose(kind, script);
  await page.getByText(`${people} people`, { exact: true }).waitFor();
  const dialog = page.locator('[role=dialog], [role=alertdialog]');
  const press = (name: string) => dialog.getByRole('button', { name, exact: true }).click();
  return {
    ...desk,
    dialog,
    press,
    async heading(words) {
      const heading = dialog.getByRole('heading', { level: 3, name: words });
      await heading.waitFor();
      return heading.innerText();
    },
    async failures() {
      const rows = await dialog.getByRole('table').getByRole('row').all();
      return Promise.all(rows.slice(1).map((row) => row.getByRole('cell').allInnerTexts()));
    },
    async selectAll() {
      await page.getByRole('checkbox', { name: /^Select all/ }).click();
      await page.getByRole('button', { name: /^Change selected/ }).click();
      await dialog.waitFor();
    },
  };
}

/** A script of eight people. */
export const openShort = (site: Site) => openScript(site, 'PowerShell', 'Clean up temp folders - Kiosks', 8);

/** A script of 140 people, which are three of Graph's pages. */
export const openLong = (site: Site) =>
  openScript(site, 'PowerShell', 'Enable BitLocker recovery backup - Engineering', 140);
