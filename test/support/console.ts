import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { chromiumPath } from './chromium.js';
import { startTestService, type TestService } from './service.js';
import { type Controls, createControls } from './simulator.js';

/** Somebody in front of the console. */
export interface BrowserSession {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Goes to an address of the service's. */
  readonly open: (path?: string) => Promise<void>;
  /** Goes to the console and in by the login page, as one of the simulator's people. */
  readonly signIn: (person: 'operator' | 'reader' | 'no-role', path?: string) => Promise<void>;
  /** Chooses a kind of script and a script of it. */
  readonly choose: (kind: string, script: string) => Promise<void>;
  /** Expects what is shown now to be free of what axe finds, in light and in dark. */
  readonly expectAccessible: () => Promise<void>;
}

/** What the browser said of itself: errors in its console, uncaught ones, and reports of the policy's. */
export interface Site {
  readonly service: TestService;
  readonly simulator: Controls;
  /** Opens a browser window of its own, closed when the site is. */
  desk(options?: { readonly dark?: boolean; readonly width?: number }): Promise<BrowserSession>;
  /** What no browser may have said. Answers of 400 and above are expected where faults are. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/** Starts the service with its simulator, and a browser before it. @param env settings of the test's own */
export async function startSite(env: Readonly<Record<string, string>> = {}): Promise<Site> {
  const service = await startTestService({ GRAPH_DEADLINE_MS: '3000', ...env });
  const simulator = createControls(service.simulatorUrl?.origin ?? '');
  const browser: Browser = await chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    args: ['--no-sandbox'],
  });
  const complaints: string[] = [];
  const origin = `http://localhost:${service.url.port}`;
  return {
    service,
    simulator,
    complaints,
    async desk({ dark = false, width = 1360 } = {}) {
      const colorScheme = dark ? 'dark' : 'light';
      const context = await browser.newContext({
        viewport: { width, height: 850 },
        colorScheme,
        baseURL: origin,
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.on('console', (message) => {
        // Chromium notes every refused call; the page tells of it in words.
        const refused = message.text().startsWith('Failed to load resource');
        if (message.type() === 'error' && !refused) complaints.push(message.text());
        if (message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      return desk(page, context);
    },
    async stop() {
      await browser.close();
      await simulator.reset();
      await service.stop();
    },
  };
}

interface Styles {
  getComputedStyle(element: unknown): { readonly backgroundColor: string };
}
/** Runs in the page. */
const background = (element: unknown) => (globalThis as unknown as Styles).getComputedStyle(element).backgroundColor;
const backgrounds = { dark: 'rgb(41, 41, 41)', light: 'rgb(255, 255, 255)' };

function desk(page: Page, context: BrowserContext): BrowserSession {
  const open = async (path = '/') => void (await page.goto(path));
  return {
    page,
    context,
    open,
    async signIn(person, path = '/') {
      await open(path);
      await page.getByRole('link', { name: 'Sign in' }).click();
      await page.locator(`button[value="${person}"]`).click();
    },
    async choose(kind, script) {
      await page.getByRole('tab', { name: `${kind} (` }).click();
      await page.getByRole('searchbox', { name: 'Find a script' }).fill(script);
      await page.getByRole('option', { name: script, exact: true }).click();
      await page.getByRole('heading', { level: 2, name: script }).waitFor();
    },
    async expectAccessible() {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        // The page is drawn anew; the pages of the service's own have no theme.
        const theme = page.locator('.fui-FluentProvider').first();
        if ((await theme.count()) > 0)
          await expect.poll(() => theme.evaluate(background)).toBe(backgrounds[colorScheme]);
        // Tabster's sentinels pass the focus on and never keep it.
        const { violations } = await new AxeBuilder({ page }).exclude('[data-tabster-dummy]').analyze();
        expect(
          violations.map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(' ')}`),
        ).toEqual([]);
      }
    },
  };
}
