import Papa from 'papaparse';
import type { ElementHandle } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { parseCsv, receivedPatches } from '../support/console-bulk.js';
import { startDelegated } from '../support/delegated.js';
import { byRole, describeFirefoxConsole, type FirefoxTab } from '../support/firefox-session.js';
import { startTestService } from '../support/service.js';

const script = 'Clean up temp folders - Kiosks';
const navigation = 'nav[aria-label=Pages]';
const search = 'input[type=search]';
const scriptTable = 'table[aria-label=Scripts]';
const dialog = '[role$=dialog]';

/** The exact text of an element. */
const exactly = (text: string) => `::-p-xpath(//*[normalize-space(text())="${text}"])`;
/** A button or link whose text contains another one. */
const button = (text: string) => `button::-p-text(${text})`;
const link = (text: string) => `a::-p-text(${text})`;

/** Opens a script from the overview. */
async function selectScript({ click, fill, find, heading }: FirefoxTab, name = script): Promise<void> {
  await click(byRole(navigation, 'link', 'Overview'));
  await heading('Overview');
  await fill(search, name);
  await find(exactly('1 of 300 scripts'));
  await click(`${scriptTable} ${link(name)}`);
  await heading(name);
}

/** Starts a service whose browsers need no sign-in. */
async function start() {
  const service = await startTestService({ GRAPH_DEADLINE_MS: '20000' });
  return { service, simulator: service.simulator, stop: () => service.stop() };
}

describeFirefoxConsole('a morning with the console in Firefox', start, (app) => {
  test('an administrator finds the worst script, why it fails, and a person, and corrects them', async () => {
    const session = await app.openSession();
    const { page, open, find, click, fill, textOf, heading, gone } = session;
    await open();
    // Before, another script can become the worst one.
    await find(exactly('300 scripts'));
    const name = await textOf(`${scriptTable} a`);
    await click('section[aria-label=Summary] li a');
    await heading(name);
    await find('[role=tab][aria-selected=true]::-p-text(Errors)');
    await click('[role=tabpanel] li button[aria-expanded=false]');
    const inGroup = 'table[aria-label="Devices with this error"] a';
    const person = await textOf(inGroup);
    await click(inGroup);
    await heading(person);
    // Before, more scripts can move the link.
    await find('::-p-text(failed for this person.)');
    await click(`${scriptTable} ${link(name)}`);
    await heading(name);
    const devices = `${dialog}[aria-label="Devices of ${person}"]`;
    await find(devices);
    const address = new URL(page.url());
    await click(byRole(devices, 'button', 'Close'));
    await gone(dialog);

    await fill(search, person);
    await find(exactly('1 of 140 people'));
    await click(`button[aria-label="Edit ${person}"]`);
    await fill(byRole(dialog, 'textbox', 'Devices failed'), '4321');
    await click(byRole(dialog, 'button', 'Save'));
    await gone(dialog);
    await find(exactly('4,321'));
    const userStateId = address.searchParams.get('state') ?? expect.fail('no state');
    const scriptId = address.pathname.split('/')[3] ?? expect.fail('no script');
    expect(await receivedPatches(app.simulator)).toEqual([[userStateId, { errorDeviceCount: 4321 }]]);
    const { scriptUserState } = app.service.client;
    const target = { scriptKind: 'deviceShellScript', scriptId, userStateId } as const;
    expect(await scriptUserState.get.query(target)).toMatchObject({
      errorDeviceCount: 4321,
      userPrincipalName: person,
    });
  });

  test('a helpdesk agent finds a person and all their scripts by keyboard on a laptop at 125 %', async () => {
    const { page, open, find, textOf, heading, gone } = await app.openSession();
    const { keyboard } = page;
    const hasFocus = (element: ElementHandle) => element.evaluate((each) => each === document.activeElement);
    async function shiftTab(): Promise<void> {
      await keyboard.down('Shift');
      await keyboard.press('Tab');
      await keyboard.up('Shift');
    }
    /** Presses a key until an element has the focus, but not more often than a user would. */
    async function moveTo(selector: string, next = () => keyboard.press('Tab'), atMost = 60): Promise<void> {
      const target = await find(selector);
      for (let pressed = 0; pressed < atMost && !(await hasFocus(target)); pressed++) await next();
      expect(await hasFocus(target), `to ${selector}`).toBe(true);
    }
    /** The number of rows that are in the viewport as a whole. */
    const visibleRows = () =>
      page.$$eval(
        '[role=rowgroup] [role=row]',
        (rows) => rows.filter((row) => row.getBoundingClientRect().bottom <= window.innerHeight).length,
      );
    await page.setViewport({ width: 1024, height: 614 });
    await open();
    await find(scriptTable);
    await moveTo(search);
    await keyboard.type('clean up temp folders - kiosks');
    await find(exactly('1 of 300 scripts'));
    await moveTo(`${scriptTable} a`);
    await keyboard.press('Enter');
    await heading(script);
    // A page without a pointing device, as here, has low rows too: only touch needs high ones.
    await find(exactly('8 people'));
    await expect.poll(visibleRows).toBe(8);
    await moveTo(search);
    await keyboard.type('amir');
    await find('::-p-text(of 8 people)');
    await moveTo('[role=columnheader] input[type=checkbox]');
    await keyboard.press('ArrowDown');
    await moveTo('[role=gridcell] button[title^=amir]', () => keyboard.press('ArrowRight'), 3);
    await keyboard.press('Enter');
    const panel = `${dialog}[aria-label^="Devices of amir"]`;
    await find(`${panel} [role=row]`);
    expect(await textOf(panel)).toMatch(/All scripts of this person\s+\d devices?/);
    await moveTo(byRole(panel, 'link', 'All scripts of this person'));
    await keyboard.press('Enter');
    await find('h1:focus ::-p-text(amir)');
    await find(`${scriptTable} ${link(script)}`);
    await moveTo(byRole(navigation, 'link', 'Activity'), shiftTab);

    await page.goBack();
    await heading(script);
    await find(panel);
    await keyboard.press('Escape');
    await gone(dialog);
    await find('::-p-text(of 8 people)');
  });

  test('an import shows what it changes, runs as a job, is listed in Activity, and its results can be downloaded', async () => {
    const session = await app.openSession();
    const { page, open, find, click, textOf, heading, gone, download, upload } = session;
    await open();
    await selectScript(session);
    await find(exactly('8 people'));
    const file = await download(button('Download CSV'));
    expect(file.name).toMatch(/^states-.*\.csv$/);
    const people = parseCsv(file.text);
    expect(people).toHaveLength(8);
    const [first, ...others] = people;
    const [last] = others.slice(-1);
    const corrected = [first, last].map((line) => ({ ...line, errorDeviceCount: '5001' }));
    await click(button('Import CSV'));
    await upload('corrected.csv', Papa.unparse([...corrected, ...others.slice(0, -1)]));
    await find(`${dialog} ::-p-text(corrected.csv)`);
    await click(byRole(dialog, 'button', 'Preview changes'));
    await find(`${dialog} h3::-p-text(Check the changes)`);
    await find(`${dialog} ::-p-text(2 changes, 6 unchanged lines.)`);
    const preview = await textOf('table[aria-label=Changes]');
    for (const line of [first, last]) {
      expect(preview).toContain(`Devices failed: ${line?.['errorDeviceCount']} → 5,001`);
    }
    expect(await receivedPatches(app.simulator)).toEqual([]);
    await click(byRole(dialog, 'button', 'Send changes'));
    await find(`${dialog} h3::-p-text(2 changed)`);
    await click(byRole(dialog, 'button', 'Close'));
    await gone(dialog);
    const ids = [first, last].map((line) => line?.['userStateId']);
    expect(new Map(await receivedPatches(app.simulator))).toEqual(
      new Map(ids.map((id) => [id, { errorDeviceCount: 5001 }])),
    );

    await click(byRole(navigation, 'link', 'Activity'));
    await heading('Activity');
    const jobs = 'table[aria-label="Ended jobs"]';
    expect(await textOf(jobs)).toContain('2 changed');
    await click(`${jobs} a`);
    const results = parseCsv((await download(button('Download results'))).text);
    expect(results.map(({ userStateId, outcome }) => [userStateId, outcome])).toEqual(ids.map((id) => [id, 'Changed']));
    expect(await page.title()).toBe(`Import of 2 changes: ${script} – Activity – Script states`);
  });
});

describeFirefoxConsole('a session in Firefox, with the tokens of its user', startDelegated, (app) => {
  test('a user signs in, and signing out clears all tabs', async () => {
    const session = await app.openSession();
    const { page, open, find, click, heading, newTab } = session;
    await open('/?outcome=failing');
    await click(link('Sign in'));
    await click('button[value=operator]');
    await heading('Overview');
    expect(new URL(page.url()).search).toBe('?outcome=failing');
    await find(byRole('header', 'button', 'Olga Operator'));
    await find(`${scriptTable} a`);
    const other = await newTab();
    await other.open();
    await selectScript(other);
    await other.find(exactly('8 people'));

    await page.bringToFront();
    await click(byRole('header', 'button', 'Olga Operator'));
    await click(byRole('header', 'button', 'Sign out'));
    await find(link('Sign in'));
    await other.find(link('Sign in'));
    expect(await other.textOf('body')).not.toMatch(/Olga|contoso|temp folders/);
    expect(await other.page.title()).toBe('Script states');
    await other.open();
    await other.find(link('Sign in'));
  });
});
