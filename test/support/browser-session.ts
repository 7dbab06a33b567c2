import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { isBrowserError } from './browser-errors.js';

/** A separate browser window, with helpers for the console. */
export interface BrowserSession {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Opens a path of the service. */
  readonly open: (path?: string) => Promise<void>;
  /** Opens a path and signs in as one of the simulator's users. */
  readonly signIn: (person: 'operator' | 'reader' | 'no-role', path?: string) => Promise<void>;
  /** Opens a script from the overview. */
  readonly selectScript: (kind: string, script: string) => Promise<void>;
  /** The id of the script whose page is open. */
  readonly scriptId: () => string;
  /** Signs out by the account menu. */
  readonly signOut: () => Promise<void>;
  /** Waits for a toast, which may be gone by then. */
  readonly expectToast: (text: string) => Promise<void>;
  /** Delays the calls of a procedure until they are released. */
  readonly holdCalls: (procedure: string) => Promise<() => void>;
  /** Lets the calls of a procedure through, and delays their responses until they are released. */
  readonly holdResponses: (procedure: string) => Promise<() => void>;
  /** Expects that axe finds no violation on the current page, in the dark and in the light theme. */
  readonly expectAccessible: () => Promise<void>;
}

/** Runs in the page. Records the text of each toast, because toasts disappear after some seconds. */
const recordToasts = `
  globalThis.toasts = [];
  new MutationObserver((records) => {
    for (const { addedNodes } of records) {
      for (const node of addedNodes) {
        if (node.parentElement?.closest('[aria-label="Saved changes"]')) toasts.push(node.textContent);
      }
    }
  }).observe(document, { childList: true, subtree: true });
`;

interface Styles {
  getComputedStyle(element: unknown): { readonly backgroundColor: string };
}
/** Runs in the page. */
const background = (element: unknown) => (globalThis as unknown as Styles).getComputedStyle(element).backgroundColor;
/** The rules of axe's default set that depend on colors. */
const colorRules = ['color-contrast', 'link-in-text-block'];
const backgrounds = { dark: 'rgb(41, 41, 41)', light: 'rgb(255, 255, 255)' };

/** Runs in the page. Without it, axe can measure a color in the middle of a transition, or before it has started. */
const transitionsFinished = `(async () => {
  for (;;) {
    await new Promise(requestAnimationFrame);
    const running = document.getAnimations().filter(
      (each) => each instanceof CSSTransition && each.playState === 'running',
    );
    if (running.length === 0) return;
    await Promise.allSettled(running.map(({ finished }) => finished));
  }
})()`;

/** The kinds of script as the overview names them. */
const kindLabels: Readonly<Record<string, string>> = {
  PowerShell: 'PowerShell (Windows)',
  Shell: 'Shell (macOS and Linux)',
};

/** A promise, and the function that resolves it. */
function createGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Presses Escape once an element has the focus. The focus returns some milliseconds after a dialog has closed. */
export async function pressEscape(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate('document.activeElement !== document.body')).toBe(true);
  await page.keyboard.press('Escape');
}

const isCallOf =
  (procedure: string) =>
  ({ pathname }: URL): boolean =>
    pathname === `/trpc/${procedure}`;

/** Opens a page in a context. Errors that the browser reports are added to `browserErrors`. */
export async function createSession(context: BrowserContext, browserErrors: string[]): Promise<BrowserSession> {
  await context.addInitScript(recordToasts);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('console', (message) => {
    if (isBrowserError(message.type(), message.text())) browserErrors.push(message.text());
  });
  page.on('pageerror', (error) => browserErrors.push(String(error)));
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
    async selectScript(kind, script) {
      const overview = page.getByRole('heading', { level: 1, name: 'Overview' });
      if ((await overview.count()) === 0) await page.getByRole('link', { name: 'Overview' }).click();
      await overview.waitFor();
      await page.getByLabel('Kind').selectOption({ label: kindLabels[kind] ?? kind });
      await page.getByRole('searchbox', { name: 'Find a script' }).fill(script);
      await page.getByRole('table', { name: 'Scripts' }).getByRole('link', { name: script, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: script }).waitFor();
    },
    scriptId: () => decodeURIComponent(new URL(page.url()).pathname.split('/')[3] ?? expect.fail('no script is open')),
    async signOut() {
      await page.getByRole('banner').getByRole('button', { expanded: false }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
    },
    async expectToast(text) {
      const toasts = () => page.evaluate<readonly string[]>('toasts');
      await expect.poll(toasts).toContainEqual(expect.stringContaining(text));
    },
    async holdCalls(procedure) {
      const { opened, open: release } = createGate();
      await page.route(isCallOf(procedure), async (route) => {
        await opened;
        await route.continue();
      });
      return release;
    },
    async holdResponses(procedure) {
      const { opened, open: release } = createGate();
      await page.route(isCallOf(procedure), async (route) => {
        const response = await route.fetch();
        await opened;
        await route.fulfill({ response });
      });
      return release;
    },
    async expectAccessible() {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        // Wait until the console has applied the theme; the service's sign-in pages have none.
        const theme = page.locator('.fui-FluentProvider').first();
        if ((await theme.count()) > 0) {
          await expect.poll(() => theme.evaluate(background)).toBe(backgrounds[colorScheme]);
        }
        await page.evaluate(transitionsFinished);
        // Tabster's sentinels are focusable, but pass the focus on. The page has no frames, so that the legacy mode,
        // which needs no second page, finds the same.
        const axe = new AxeBuilder({ page }).exclude('[data-tabster-dummy]').setLegacyMode();
        // The themes differ in nothing but colors.
        const { violations } = await (colorScheme === 'dark' ? axe : axe.withRules(colorRules)).analyze();
        expect(
          violations.map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(' ')}`),
        ).toEqual([]);
      }
    },
  };
}
