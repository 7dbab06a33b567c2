import type { ElementHandle } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { parseCsv, receivedPatches } from '../support/console-bulk.js';
import { startDelegated } from '../support/delegated.js';
import { byRole, describeFirefoxConsole, type FirefoxTab } from '../support/firefox-session.js';
import { startTestService } from '../support/service.js';

const script = 'Clean up temp folders - Kiosks';
const overview = byRole('link', 'Overview');
const scriptTable = byRole('table', 'Scripts');

/** The exact text of an element. */
const exactly = (text: string) => `::-p-xpath(//*[normalize-space(text())="${text}"])`;

/** Opens a script from the overview. */
async function selectScript({ click, fill, heading }: FirefoxTab, name = script): Promise<void> {
  await click(overview);
  await heading('Overview');
  await fill(byRole('searchbox', 'Find a script'), name);
  await click(`${scriptTable} ${byRole('link', name)}`);
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
    const name = await textOf(`${scriptTable} a`);
    await click(`${byRole('region', 'Summary')} li a`);
    await heading(name);
    await find(`[role=tab][aria-selected=true]${byRole('tab', 'Errors')}`);
    await click('[role=tabpanel] li button[aria-expanded=false]');
    const inGroup = `${byRole('table', 'Devices with this error')} a`;
    const person = await textOf(inGroup);
    await click(inGroup);
    await heading(person);
    await click(`${scriptTable} ${byRole('link', name)}`);
    await heading(name);
    const devices = byRole('dialog', `Devices of ${person}`);
    await find(devices);
    const address = new URL(page.url());
    await click(`${devices} ${byRole('button', 'Close')}`);
    await gone('[role=dialog]');

    await fill(byRole('searchbox', 'Find a person'), person);
    await click(byRole('button', `Edit ${person}`));
    await fill(byRole('textbox', 'Devices failed'), '4321');
    await click(byRole('button', 'Save'));
    await gone('[role=dialog]');
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
    const { page, open, find, heading, gone } = await app.openSession();
    const { keyboard } = page;
    const hasFocus = (element: ElementHandle) => element.evaluate((each) => each === document.activeElement);
    const untilFocused = (selector: string) => expect.poll(async () => hasFocus(await find(selector))).toBe(true);
    async function press(key: 'Tab' | 'ArrowRight' | 'ArrowLeft', modifier: 'Shift' | 'Alt'): Promise<void> {
      await keyboard.down(modifier);
      await keyboard.press(key);
      await keyboard.up(modifier);
    }
    /** Presses a key until an element has the focus, but not more often than a user would. */
    async function moveTo(selector: string, next = () => keyboard.press('Tab'), atMost = 60): Promise<void> {
      const target = await find(selector);
      for (let pressed = 0; pressed < atMost && !(await hasFocus(target)); pressed++) await next();
      expect(await hasFocus(target), `to ${selector}`).toBe(true);
    }
    await page.setViewport({ width: 1024, height: 614 });
    await open();
    await find(scriptTable);
    await moveTo(byRole('searchbox', 'Find a script'));
    await keyboard.type('clean up temp folders - kiosks');
    await find(exactly('1 of 300 scripts'));
    await moveTo(`${scriptTable} a`);
    await keyboard.press('Enter');
    await heading(script);
    await moveTo(byRole('searchbox', 'Find a person'));
    await keyboard.type('amir');
    await find('::-p-text(of 8 people)');
    await moveTo('[role=columnheader] input[type=checkbox]');
    await keyboard.press('ArrowDown');
    await moveTo('[role=gridcell] button[title^=amir]', () => keyboard.press('ArrowRight'), 3);
    await keyboard.press('Enter');
    const panel = '[role=dialog][aria-label^="Devices of amir"]';
    await moveTo(`${panel} ${byRole('link', 'All scripts of this person')}`);
    await keyboard.press('Enter');
    await untilFocused('h1::-p-text(amir)');
    await find(`${scriptTable} ${byRole('link', script)}`);
    await moveTo(byRole('link', 'Activity'), () => press('Tab', 'Shift'));

    await press('ArrowLeft', 'Alt');
    await heading(script);
    await find(panel);
    await keyboard.press('Escape');
    await gone('[role=dialog]');
    await find('::-p-text(of 8 people)');
  });

  test('an import shows what it changes, runs as a job, is listed in Activity, and its results can be downloaded', async () => {
    const session = await app.openSession();
    const { page, open, find, click, fill, textOf, heading, download } = session;
    await open();
    await selectScript(session);
    await find(exactly('8 people'));
    const file = await download(byRole('button', 'Download CSV'));
    expect(file.name).toMatch(/\.csv$/);
    const people = parseCsv(file.text);
    expect(people).toHaveLength(8);
    const [first, second] = people;
    await click(byRole('button', 'Import CSV'));
    const lines = [first, second].map((line) => `${line?.['userStateId']},5001`);
    await fill(byRole('textbox', 'CSV lines'), ['userStateId,errorDeviceCount', ...lines].join('\n'));
    await click(byRole('button', 'Check'));
    await find('[role=dialog] h3::-p-text(Check the changes)');
    const preview = await textOf(byRole('table', 'Changes'));
    expect(preview).toContain(`Devices failed: ${first?.['errorDeviceCount']} → 5,001`);
    expect(await receivedPatches(app.simulator)).toEqual([]);
    await click(byRole('button', 'Start'));
    await find('[role=dialog] h3::-p-text(2 changed)');
    await click(byRole('button', 'Close'));
    expect(new Map(await receivedPatches(app.simulator))).toEqual(
      new Map([first, second].map((line) => [line?.['userStateId'], { errorDeviceCount: 5001 }])),
    );

    await click(byRole('link', 'Activity'));
    await heading('Activity');
    expect(await textOf(byRole('table', 'Ended jobs'))).toContain('2 changed');
    expect(await textOf(byRole('table', 'Changes'))).toContain('→ 5,001');
    await click(`${byRole('table', 'Ended jobs')} a`);
    const results = await download(byRole('button', 'Download results'));
    expect(parseCsv(results.text).map(({ userStateId }) => userStateId)).toEqual(
      [first, second].map((line) => line?.['userStateId']),
    );
    expect(await page.title()).toContain('Activity – Script states');
  });
});

describeFirefoxConsole('a session in Firefox, with the tokens of its user', startDelegated, (app) => {
  test('a user signs in, and signing out clears all tabs', async () => {
    const session = await app.openSession();
    const { page, open, find, click, heading, newTab } = session;
    await open('/?outcome=failing');
    await click(byRole('link', 'Sign in'));
    await click('button[value=operator]');
    await heading('Overview');
    expect(new URL(page.url()).search).toBe('?outcome=failing');
    await find(byRole('button', 'Olga Operator'));
    await find(`${scriptTable} a`);
    const other = await newTab();
    await other.open();
    await selectScript(other);
    await other.find(exactly('8 people'));

    await page.bringToFront();
    await click(byRole('button', 'Olga Operator'));
    await click(byRole('button', 'Sign out'));
    await find(byRole('link', 'Sign in'));
    await other.find(byRole('link', 'Sign in'));
    expect(await other.textOf('body')).not.toMatch(/Olga|contoso|temp folders/);
    expect(await other.page.title()).toBe('Script states');
    await open();
    await find(byRole('link', 'Sign in'));
  });
});
