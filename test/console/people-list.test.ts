import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { describeInChromium } from '../support/chromium.js';
import { startConsole, type TestConsole } from '../support/console.js';
import { type PeopleGraph, peopleScriptId, peopleScriptName, startPeopleGraph } from '../support/people-graph.js';
import { liveSettings } from '../support/service.js';

const people = 6_000;

/** Runs in the page. Records what screen readers announce, and when. */
const recordAnnouncements = `
  globalThis.announcements = [];
  new MutationObserver((records) => {
    for (const { target } of records) {
      const status = (target.nodeType === 1 ? target : target.parentElement)?.closest('[role=status]');
      if (status?.textContent) announcements.push([status.textContent, performance.now()]);
    }
  }).observe(document, { childList: true, characterData: true, subtree: true });
`;

describeInChromium(`the console, with a script for ${people} people`, () => {
  let graph: PeopleGraph;
  let app: TestConsole;
  beforeAll(async () => {
    graph = await startPeopleGraph({ people });
    // A held page must not run out of time.
    app = await startConsole({ ...liveSettings({ baseUrl: graph.baseUrl }), GRAPH_DEADLINE_MS: '120000' });
  });
  afterEach(() => app.closeSessions());
  afterAll(async () => {
    await app.stop();
    graph.close();
  });

  /** Opens the script, and waits for the whole list unless it is held. */
  async function openPeople({ whole = true, search = '' } = {}) {
    const session = await app.openSession();
    const { page } = session;
    await page.addInitScript(recordAnnouncements);
    await session.open(`/scripts/deviceManagementScript/${peopleScriptId}?${search}`);
    if (whole) await page.getByText(/6,000 people$/).waitFor();
    const rows = page.locator('[role=rowgroup] [role=row]');
    const row = (index: number) => page.locator(`[role=row][aria-rowindex="${index + 2}"]`);
    const option = page.getByRole('combobox', { name: 'Outcome' });
    return { ...session, rows, row, outcome: option, find: page.getByRole('searchbox', { name: 'Find a person' }) };
  }

  test('the list is read in pages of 1,000', async () => {
    const before = graph.pages.length;
    await openPeople();
    expect(graph.pages.slice(before)).toEqual([0, 1, 2, 3, 4, 5].map((page) => `1000 from ${page * 1_000}`));
  });

  test('while the list is loading, it says so, and it cannot be downloaded', async () => {
    const release = graph.hold();
    onTestFinished(release);
    const { page, expectAccessible } = await openPeople({ whole: false });
    const download = page.getByRole('button', { name: 'Download CSV' });
    await page.getByText('1,000 people so far', { exact: true }).waitFor();
    await page.getByText('Loading…', { exact: true }).waitFor();
    expect(await download.getAttribute('aria-disabled')).toBe('true');
    await expectAccessible();
    await download.focus();
    await page.getByText('You can download the list after all of it has loaded.').waitFor();

    const progress = 'Loading: 1,000 people so far';
    const announced = () => page.evaluate<[text: string, at: number][]>('announcements');
    const texts = async () => (await announced()).map(([text]) => text);
    await expect.poll(texts).toEqual([progress]);
    release();
    await page.getByText('6,000 people', { exact: true }).waitFor();
    await page.getByText(/^Last refreshed at \d/).waitFor();
    await expect.poll(texts).toContainEqual(expect.stringMatching(/^6,000 people\. Last refreshed at \d/));
    const all = await announced();
    const times = all.slice(0, -1).map(([, at]) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(gaps.filter((gap) => gap < 4_900)).toEqual([]);
    expect(await download.getAttribute('aria-disabled')).toBeNull();
  });

  test('a refresh asks for the list again', async () => {
    const { page } = await openPeople();
    const before = graph.pages.length;
    await page.getByRole('button', { name: 'Refresh' }).click();
    await expect.poll(() => graph.pages.length).toBe(before + 6);
    await page.getByText(/^Last refreshed at \d/).waitFor();
  });

  test('people are filtered by outcome, and the address has the filter', async () => {
    const { page, rows, outcome, find } = await openPeople();
    // Of every 15 people, 12 have failures, and 1 neither failures nor successes.
    const shown = { 'With failures': '4,800', 'Only succeeded': '800', 'No result': '400' };
    for (const [title, count] of Object.entries(shown)) {
      await outcome.selectOption(`${title} (${count})`);
      await page.getByText(`${count} of 6,000 people`, { exact: true }).waitFor();
    }
    expect(new URL(page.url()).searchParams.get('outcome')).toBe('none');
    await find.fill('person-0015');
    await page.getByText('1 of 6,000 people', { exact: true }).waitFor();
    expect(await rows.allInnerTexts()).toEqual([expect.stringContaining('person-0015')]);
    await find.fill('');
    await outcome.selectOption('Waiting for approval (0)');
    await page.getByText('No change is waiting for approval.').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByText('6,000 people', { exact: true }).waitFor();
    expect(await outcome.inputValue()).toBe('');
  });

  test('links to the people with failures still work', async () => {
    const { page, outcome } = await openPeople({ search: '&errors=true' });
    await page.getByText('4,800 of 6,000 people', { exact: true }).waitFor();
    expect(await outcome.inputValue()).toBe('failed');
    await outcome.selectOption('All outcomes');
    await page.getByText('6,000 people', { exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.has('errors')).toBe(false);
  });

  test('the columns can be chosen, and the choice is kept', async () => {
    const { page } = await openPeople();
    const headers = () => page.getByRole('columnheader').allInnerTexts();
    const all = ['', 'Person', 'Succeeded', 'Failed', 'Failure rate', 'Actions'];
    expect(await headers()).toEqual(all);
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Succeeded' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'State ID' }).click();
    await page.keyboard.press('Escape');
    const chosen = ['', 'Person', 'Failed', 'Failure rate', 'State ID', 'Actions'];
    await expect.poll(headers).toEqual(chosen);
    await page.reload();
    await page.getByText('6,000 people', { exact: true }).waitFor();
    expect(await headers()).toEqual(chosen);
  });

  test('a download has the shown people with the script, the outcome and the values', async () => {
    const { page, find } = await openPeople();
    await find.fill('person-000');
    await page.getByText('10 of 6,000 people', { exact: true }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    const lines = (await readFile(await download.path(), 'utf8')).replace(/^\uFEFF/, '').split('\r\n');
    expect(lines[0]).toBe(
      'scriptName,outcome,change,scriptKind,scriptId,userStateId,userPrincipalName,successDeviceCount,errorDeviceCount',
    );
    expect(lines).toHaveLength(11);
    const [seventh] = lines.filter((line) => line.includes('person-0007'));
    expect(seventh).toBe(
      [
        `${peopleScriptName},Some failed,,deviceManagementScript,${peopleScriptId}`,
        `${peopleScriptId}:bbbbbbbb-0000-4000-8000-000000000007,person-0007@contoso.example,1,2`,
      ].join(','),
    );
  });

  test('keys move the focus through all rows, by page and to both ends', async () => {
    const { page, row } = await openPeople({ search: '&sort=person&ascending=true' });
    const name = (index: number) => row(index).getByRole('gridcell').getByRole('button').first();
    const focused = page.locator('[role=row] :focus');
    const focusedIndex = async () =>
      Number(await focused.locator('xpath=ancestor::*[@aria-rowindex]').getAttribute('aria-rowindex')) - 2;
    const press = (key: string) => page.keyboard.press(key);
    await name(0).focus();
    await press('Control+End');
    await expect.poll(focusedIndex).toBe(people - 1);
    expect(await focused.innerText()).toBe('person-5999@contoso.example');
    await press('PageUp');
    await expect.poll(focusedIndex).toBeLessThan(people - 2);
    const up = people - 1 - (await focusedIndex());
    await press('Control+Home');
    await expect.poll(focusedIndex).toBe(0);
    for (const pages of [1, 2, 3]) {
      await press('PageDown');
      await expect.poll(focusedIndex).toBe(pages * up);
      // The row is in sight, below the header and above the end of the table.
      const sight = await page.locator('[role=grid]').locator('xpath=..').boundingBox();
      const box = await focused.boundingBox();
      const header = await page.locator('[role=row][aria-rowindex="1"]').boundingBox();
      expect(box?.y).toBeGreaterThanOrEqual((header?.y ?? 0) + (header?.height ?? 0) - 1);
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual((sight?.y ?? 0) + (sight?.height ?? 0) + 1);
    }
    // The position within the row is kept.
    await press('End');
    const label = () => focused.getAttribute('aria-label');
    await expect.poll(label).toMatch(/^Edit/);
    await press('PageUp');
    await expect.poll(focusedIndex).toBe(2 * up);
    expect(await label()).toMatch(/^Edit/);
  });

  test('Shift selects all people up to the one that was selected before', async () => {
    const { page, row } = await openPeople({ search: '&sort=person&ascending=true' });
    const checkbox = (index: number) => row(index).getByRole('checkbox');
    await checkbox(1).click();
    await checkbox(5).click({ modifiers: ['Shift'] });
    await page.getByRole('button', { name: 'Change selected (5)' }).waitFor();
    expect(await row(3).getAttribute('aria-selected')).toBe('true');
    expect(await row(6).getAttribute('aria-selected')).toBe('false');
    await page.getByRole('searchbox').last().fill('person-0003');
    await page.getByRole('button', { name: 'Change selected (5, 4 hidden)' }).waitFor();
  });

  test('a device has its name, system, last check-in, result, message and code', async () => {
    const { page, row } = await openPeople();
    await row(0).getByRole('gridcell').getByRole('button').first().click();
    const dialog = page.getByRole('dialog', { name: /^Devices of person-/ });
    const texts = async (index: number) => {
      const cells = await dialog
        .getByRole('row')
        .nth(index)
        .getByRole(index === 0 ? 'columnheader' : 'cell')
        .all();
      return Promise.all(cells.map(async (cell) => (await cell.innerText()).trim()));
    };
    await dialog.getByText('2 devices', { exact: true }).first().waitFor();
    expect(await texts(0)).toEqual(['Device', 'System', 'Last check-in', 'Result', 'Message', 'Code', 'Last result']);
    expect(await texts(1)).toEqual([
      'LAPTOP-ONE',
      'Windows 10.0.26100.1',
      expect.stringContaining('2026'),
      'Failed',
      'ERR_PROXY: The proxy is not reachable.',
      '0x80070057',
      expect.stringContaining('2026'),
    ]);
    expect((await texts(2)).slice(0, 4)).toEqual(['two', '–', '–', 'Succeeded']);
  });
});
