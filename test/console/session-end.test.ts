import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { BrowserSession } from '../support/browser-session.js';
import { describeConsole } from '../support/console.js';
import { edit, rowOf, script } from '../support/console-edit.js';

const cover = (page: Page) => page.getByRole('alertdialog', { name: 'Your session has ended.' });
const notice = (page: Page) => page.getByText(/^You will be signed out in (a minute|\d minutes)\.$/);
const stay = (page: Page) => page.getByRole('button', { name: 'Stay signed in' });
/** The element that has the focus. */
const focused = (page: Page) =>
  page.evaluate<string>('document.activeElement.textContent || document.activeElement.id');
/** The page checks the session every minute anyway: this is shorter. */
const beforeNextPoll = { timeout: 30_000 };

/** Sends the event with which a page returns to its user. */
const returnTo = (page: Page, event: string) => page.evaluate(event);

async function openScript({ page, signIn, selectScript }: BrowserSession): Promise<void> {
  await signIn('operator');
  await selectScript('PowerShell', script);
  await rowOf(page).waitFor();
}

/** Presses Tab until the button to stay signed in has the focus. */
async function tabToStay(page: Page): Promise<void> {
  for (let presses = 0; presses < 60 && (await focused(page)) !== 'Stay signed in'; presses++) {
    await page.keyboard.press('Tab');
  }
  expect(await focused(page)).toBe('Stay signed in');
}

describeConsole(
  'the console, before and after the end of a session',
  { SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-console-tests', SESSION_IDLE_MINUTES: '60' },
  (app) => {
    test('the end of the idle time is announced, and can be postponed with a keyboard', async () => {
      const session = await app.openSession();
      const { page } = session;
      await page.clock.install();
      await openScript(session);
      await page.clock.fastForward('54:00');
      expect(await notice(page).count()).toBe(0);
      await page.clock.fastForward('02:30');
      await page.getByText('You will be signed out in 4 minutes.').waitFor();
      // Politely and once: the text does not change from minute to minute.
      const status = page.getByRole('status').filter({ hasText: /You will be signed out at \d/ });
      const announced = await status.textContent();
      await page.clock.fastForward('01:00');
      await page.getByText('You will be signed out in 3 minutes.').waitFor();
      expect(await status.textContent()).toBe(announced);
      expect(await page.getByRole('alert').filter({ hasText: 'about to be signed out' }).count()).toBe(0);
      await session.expectAccessible();
      await page.clock.fastForward('02:00');
      await page.getByText('You will be signed out in a minute.').waitFor();
      await page
        .getByRole('alert')
        .filter({ hasText: 'You are about to be signed out.' })
        .waitFor({ state: 'attached' });
      const search = page.getByRole('searchbox', { name: 'Find a person' });
      await search.focus();
      await tabToStay(page);
      const extended = page.waitForResponse(({ url }) => /activity\.list/.test(url()));
      await page.clock.resume().catch(() => undefined);
      await page.keyboard.press('Enter');
      expect((await extended).status()).toBe(200);
    });

    test('the notice can be reached while a dialog is open', async () => {
      const first = await app.openSession();
      await first.page.clock.install();
      await first.signIn('operator');
      await first.page.getByText('Olga Operator').waitFor();
      const { page, dialog, field, typed } = await edit(first);
      await page.clock.fastForward('57:00');
      await notice(page).waitFor();
      await first.expectAccessible();
      await field.focus();
      await tabToStay(page);
      const extended = page.waitForResponse(({ url }) => /activity\.list/.test(url()));
      await page.keyboard.press('Space');
      expect((await extended).status()).toBe(200);
      expect(await dialog.count()).toBe(1);
      expect(await field.inputValue()).toBe(typed);
      const other = await first.context.newPage();
      await other.close();
      await stay(page).click();
      expect(await dialog.count()).toBe(1);
    });

    test.each([
      ['focus', 'window.dispatchEvent(new Event("focus"))'],
      ['visibilitychange', 'document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))'],
      ['resume', 'document.dispatchEvent(new Event("resume"))'],
      ['pageshow', 'window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))'],
    ])('a page that returns to its user is covered if the session has ended: %s', async (_event, event) => {
      const session = await app.openSession();
      const { page, context } = session;
      await openScript(session);
      const { cookies } = await context.storageState();
      await context.clearCookies({ name: 'session' });
      await returnTo(page, event);
      await cover(page).waitFor(beforeNextPoll);
      // Nothing else can be seen, reached or heard.
      const hit = await page.evaluate<string>('document.elementFromPoint(innerWidth - 40, innerHeight - 40).tagName');
      expect(hit).toBe('DIALOG');
      expect(await page.title()).toBe('Script states');
      const tree = await page.locator('body').ariaSnapshot();
      expect(tree).toContain('Sign in again');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await cover(page).waitFor();
      await session.expectAccessible();
      // The same person returns.
      await context.addCookies(cookies);
      await returnTo(page, event);
      await cover(page).waitFor({ state: 'detached' });
      expect(await rowOf(page).count()).toBe(1);
    });

    test('a sign-out at the identity provider covers the page when its user returns to it', async () => {
      const session = await app.openSession();
      const { page, context } = session;
      await openScript(session);
      const provider = await context.newPage();
      await provider.goto(`${app.service.simulatorUrl?.origin}/identity/session/end`);
      await provider.getByRole('button', { name: /yes|sign me out|sign out/i }).click();
      await expect.poll(() => app.service.lines({ event: 'sign-out', reason: 'front-channel' })).not.toEqual([]);
      await returnTo(page, 'window.dispatchEvent(new Event("focus"))');
      await cover(page).waitFor(beforeNextPoll);
    });

    test('the next person sees nothing of the previous one, and not in the address either', async () => {
      const session = await app.openSession();
      const { page, context } = session;
      await openScript(session);
      await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
      await expect.poll(() => new URL(page.url()).search).toContain('zielinski');
      await page.evaluate(`
        globalThis.seen = [];
        new MutationObserver(() => {
          const isCovered = document.querySelector('dialog[open]') !== null;
          if (!isCovered && /Ravi/.test(document.body.textContent) && /zielinski/.test(document.body.textContent)) seen.push(1);
        }).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
        addEventListener('pagehide', () => sessionStorage.setItem('seen', String(seen.length)));
      `);
      await context.clearCookies();
      await returnTo(page, 'window.dispatchEvent(new Event("focus"))');
      await cover(page).waitFor(beforeNextPoll);
      const opened = context.waitForEvent('page');
      await cover(page).getByRole('link', { name: 'Sign in again' }).click();
      const other = await opened;
      await other.locator('button[value="reader"]').click();
      await other.getByText('Ravi Reader').waitFor();
      await returnTo(page, 'window.dispatchEvent(new Event("focus"))');
      await page.getByText('Ravi Reader').waitFor(beforeNextPoll);
      expect(new URL(page.url()).search).toBe('');
      expect(await page.evaluate('sessionStorage.getItem("seen")')).toBe('0');
      expect(await page.getByText(/zielinski|Olga/).count()).toBe(0);
    });

    test('the page is covered at the end of the session while the service cannot be reached', async () => {
      const session = await app.openSession();
      const { page, context } = session;
      await page.clock.install();
      await openScript(session);
      await context.setOffline(true);
      await page.clock.fastForward('01:00:10');
      const checking = page.getByRole('alertdialog', { name: 'Checking your session' });
      await checking.waitFor();
      await session.expectAccessible();
      await context.setOffline(false);
      await page.clock.fastForward('00:10');
      await checking.waitFor({ state: 'detached' });
      expect(await rowOf(page).count()).toBe(1);
    });

    test('a person who loses the role while the page is open gets the page that explains it', async () => {
      const session = await app.openSession();
      const { page } = session;
      await openScript(session);
      // The service reports the roles that the provider has confirmed last.
      await page.route('**/trpc/session.current**', async (route) => {
        const response = await route.fetch();
        const text = await response.text();
        await route.fulfill({ response, body: text.replace(/"roles":\[[^\]]*\]/, '"roles":[]') });
      });
      await returnTo(page, 'window.dispatchEvent(new Event("focus"))');
      await page.getByRole('heading', { name: 'No access yet' }).waitFor(beforeNextPoll);
      await page.getByText(/You are signed in as Olga Operator/).waitFor();
      expect(await page.getByText(/zielinski/).count()).toBe(0);
      await session.expectAccessible();
      await page.getByRole('link', { name: 'Sign in with another account' }).click();
      await page.locator('button[value="reader"]').waitFor();
    });
  },
);
