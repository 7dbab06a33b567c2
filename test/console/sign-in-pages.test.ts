import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';

const color = (page: Page, selector: string, property: 'background-color' | 'border-top-color') =>
  page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).getPropertyValue('${property}')`);

/** A page that ends a sign-in, and how a browser gets to it. */
type Ending = readonly [title: string, link: string, open: (page: Page) => Promise<unknown>];

const endings: readonly Ending[] = [
  ['Sign-in failed', 'Sign in again', (page) => page.goto('/auth/callback?code=unknown&state=unknown')],
  [
    'Sign-in cancelled',
    'Sign in',
    async (page) => {
      await page.goto('/auth/sign-in');
      await page.getByRole('button', { name: 'Cancel' }).click();
    },
  ],
  [
    'No access yet',
    'Sign in with another account',
    async (page) => {
      await page.goto('/auth/sign-in');
      await page.locator('button[value="no-role"]').click();
    },
  ],
];

describeConsole(
  'the pages that end a sign-in',
  { SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-console-tests' },
  (app) => {
    test.each(endings)('%s: looks like the console, and needs none of its files', async (title, action, open) => {
      const session = await app.openSession();
      const { page } = session;
      const requested: string[] = [];
      await open(page);
      page.on('request', (request) => requested.push(new URL(request.url()).pathname));
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      expect(await page.title()).toBe(`${title} – Script states`);
      await page.getByText(/^Request ID: \S+$/).waitFor();
      await session.expectAccessible();
      for (const [scheme, card, surroundings] of [
        ['light', 'rgb(255, 255, 255)', 'rgb(250, 250, 250)'],
        ['dark', 'rgb(41, 41, 41)', 'rgb(31, 31, 31)'],
      ] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        expect(await color(page, 'main', 'background-color')).toBe(card);
        expect(await color(page, 'body', 'background-color')).toBe(surroundings);
      }
      await page.emulateMedia({ forcedColors: 'active' });
      // The button and the card keep a visible edge where backgrounds and shadows are removed.
      const edge = await color(page, 'nav a', 'border-top-color');
      expect([await color(page, 'main', 'border-top-color'), edge]).not.toContain('rgba(0, 0, 0, 0)');
      await page.emulateMedia({ forcedColors: 'none' });
      for (const width of [1440, 1024, 390, 320]) {
        await page.setViewportSize({ width, height: 614 });
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      }
      expect(requested).toEqual([]);
      // With a keyboard: the first stop is the primary action.
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe(action);
      await page.keyboard.press('Enter');
      await page.locator('button[value="operator"]').waitFor();
    });
  },
);
