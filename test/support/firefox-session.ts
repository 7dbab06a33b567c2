import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type ElementHandle, launch, type Page } from 'puppeteer-core';
import { afterAll, afterEach, expect } from 'vitest';
import { isBrowserError } from './browser-errors.js';
import type { Controls } from './controls.js';
import { describeInFirefox, firefoxPath } from './firefox.js';
import { useFixture } from './fixture.js';
import type { TestService } from './service.js';

/**
 * A selector of the elements with a role and an accessible name within others. Firefox computes the names of all
 * elements in there, so that it takes seconds for a whole page.
 */
export const byRole = (within: string, role: string, name: string) =>
  `${within} ::-p-aria([name="${name}"][role="${role}"])`;

/**
 * A tab of Firefox, controlled by puppeteer-core over WebDriver BiDi. The tests in Chromium use playwright-core, which
 * cannot do this: since version 1.65, it sends a command that Firefox ESR does not know.
 */
export interface FirefoxTab {
  readonly page: Page;
  /** Opens a path of the service. */
  readonly open: (path?: string) => Promise<void>;
  /** Waits for an element that is visible. */
  readonly find: (selector: string) => Promise<ElementHandle>;
  readonly click: (selector: string) => Promise<void>;
  /** Replaces the text of a field. */
  readonly fill: (selector: string, text: string) => Promise<void>;
  /** The text of an element, once it is visible. */
  readonly textOf: (selector: string) => Promise<string>;
  /** Waits for the heading of a page. */
  readonly heading: (name: string) => Promise<unknown>;
  /** Waits until no element matches. */
  readonly gone: (selector: string) => Promise<void>;
}

/** A separate profile of Firefox with one tab. */
export interface FirefoxSession extends FirefoxTab {
  /** Opens another tab. It shares the cookies of the first one. */
  readonly newTab: () => Promise<FirefoxTab>;
  /** Clicks a button that downloads a file. */
  readonly download: (selector: string) => Promise<{ readonly name: string; readonly text: string }>;
  /** Chooses a file with the given text in the file input of the page. */
  readonly upload: (name: string, text: string) => Promise<void>;
}

/** A running service with its simulator. */
interface RunningService {
  readonly service: TestService;
  readonly simulator: Pick<Controls, 'journal' | 'reset'>;
  stop(): Promise<void>;
}

/** A running service with its simulator, and sessions of Firefox on its console. */
export interface FirefoxConsole extends Pick<RunningService, 'service' | 'simulator'> {
  openSession(): Promise<FirefoxSession>;
}

let launched: Promise<Browser> | undefined;

/** The browser of this test file. Sessions are isolated by their contexts. */
function sharedBrowser(): Promise<Browser> {
  launched ??= launch({
    browser: 'firefox',
    ...(firefoxPath !== undefined && { executablePath: firefoxPath }),
    extraPrefsFirefox: {
      'ui.prefersReducedMotion': 1,
      'ui.systemUsesDarkTheme': 0,
      // The panel of downloads would take the focus from the page, and simulated clicks do not return it.
      'browser.download.alwaysOpenPanel': false,
    },
    timeout: 90_000,
  });
  return launched;
}
afterAll(async () => (await launched)?.close());

/** Runs in the page. */
const innerText = (element: unknown) => (element as { readonly innerText: string }).innerText;

/** Opens a tab. Errors that Firefox reports, such as violations of the content security policy, go to a list. */
async function openTab(context: BrowserContext, origin: string, browserErrors: string[]): Promise<FirefoxTab> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.setViewport({ width: 1360, height: 850 });
  page.on('console', (message) => {
    if (isBrowserError(message.type(), message.text())) browserErrors.push(message.text());
  });
  page.on('pageerror', (error) => browserErrors.push(String(error)));
  const find = async (selector: string) =>
    (await page.waitForSelector(selector, { visible: true })) ?? expect.fail(`no ${selector}`);
  return {
    page,
    open: async (path = '/') => void (await page.goto(`${origin}${path}`)),
    find,
    click: (selector) => page.locator(selector).click(),
    async fill(selector, text) {
      const field = await find(selector);
      await field.click({ count: 3 });
      await field.type(text);
    },
    textOf: async (selector) => (await (await find(selector)).evaluate(innerText)).trim(),
    heading: (name) => find(`::-p-xpath(//h1[normalize-space()="${name}"])`),
    gone: async (selector) => void (await page.waitForSelector(selector, { hidden: true })),
  };
}

/** The only file in a folder, once it is complete: Firefox writes to a `.part` file beside an empty one. */
async function downloadedFile(folder: string) {
  const files = async () =>
    Promise.all(
      (await readdir(folder)).map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })),
    );
  const completeFiles = async () => {
    const all = await files();
    return all.some(({ name, text }) => name.endsWith('.part') || text === '') ? [] : all;
  };
  await expect.poll(completeFiles).toHaveLength(1);
  const [file] = await files();
  return file ?? expect.fail('no file');
}

/**
 * Describes tests against one service and its console, in Firefox. After each test, it resets the simulator, closes the
 * sessions, and expects that Firefox reported no error.
 */
export function describeFirefoxConsole(
  name: string,
  start: () => Promise<RunningService>,
  suite: (app: FirefoxConsole) => void,
): void {
  describeInFirefox(name, () => {
    const running = useFixture(start, (started) => started.stop());
    const browserErrors: string[] = [];
    const open: { readonly context: BrowserContext; readonly folder: string }[] = [];
    afterEach(async () => {
      await running.simulator.reset();
      for (const { context, folder } of open.splice(0)) {
        await context.close();
        await rm(folder, { recursive: true });
      }
      expect(browserErrors.splice(0)).toEqual([]);
    });
    suite({
      get service() {
        return running.service;
      },
      get simulator() {
        return running.simulator;
      },
      async openSession() {
        const browser = await sharedBrowser();
        const folder = await mkdtemp(join(tmpdir(), 'firefox-files-'));
        const downloads = join(folder, 'downloads');
        await mkdir(downloads);
        const context = await browser.createBrowserContext({
          downloadBehavior: { policy: 'allow', downloadPath: downloads },
        });
        open.push({ context, folder });
        const newTab = () => openTab(context, `http://localhost:${running.service.url.port}`, browserErrors);
        const tab = await newTab();
        return {
          ...tab,
          newTab,
          async download(selector) {
            await tab.click(selector);
            const file = await downloadedFile(downloads);
            await rm(join(downloads, file.name));
            return file;
          },
          async upload(fileName, text) {
            const path = join(folder, fileName);
            await writeFile(path, text);
            const input = await tab.page.waitForSelector('input[type=file]');
            await input?.uploadFile(path);
          },
        };
      },
    });
  });
}
