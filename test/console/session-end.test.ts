import type { Locator, Page } from 'playwright-core';
import { afterEach, expect, test, vi } from 'vitest';
import type { BrowserSession } from '../support/browser-session.js';
import { clientWith } from '../support/clients.js';
import { describeConsole } from '../support/console.js';
import { edit, rowOf, script } from '../support/console-edit.js';

const cover = (page: Page) => page.getByRole('alertdialog', { name: 'Your session has ended.' });
const notice = (page: Page) => page.getByText(/^You will be signed out in (a minute|\d minutes)\.$/);
const lastMinute = (page: Page) => page.getByRole('alertdialog', { name: 'You will be signed out in a minute.' });
/** The element that has the focus. */
const focused = (page: Page) =>
  page.evaluate<string>(
    'document.activeElement.textContent || document.activeElement.ariaLabel || document.activeElement.id',
  );
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

/** Advances the clock of the service, and that of all pages of a browser. */
async function advance(minutes: number, page: Page): Promise<void> {
  vi.setSystemTime(Date.now() + minutes * 60_000);
  await page.clock.fastForward(minutes * 60_000);
}

/** How long the session of a page lasts if nothing happens, in minutes. */
async function minutesLeft(page: Page): Promise<number> {
  const { origin } = new URL(page.url());
  const cookies = (await page.context().cookies(origin)).map(({ name, value }) => `${name}=${value}`);
  const current = clientWith({ address: origin }, () => cookies).session.current.query();
  const endsAt = await current.then(
    ({ idleExpiresAt }) => Date.parse(idleExpiresAt ?? expect.fail('no idle time')),
    (error: unknown) => {
      // The session has ended.
      expect(error).toHaveProperty('data.reason', 'SIGN_IN_REQUIRED');
      return Date.now();
    },
  );
  return (endsAt - Date.now()) / 60_000;
}

/** Advances the clocks until some minutes are left, if there are more. */
async function advanceTo(minutes: number, page: Page): Promise<void> {
  const left = await minutesLeft(page);
  if (left > minutes) await advance(left - minutes, page);
}

/** Advances the clocks until some minutes are left, and waits for what the page then shows. */
async function advanceUntil(minutes: number, page: Page, shown: Locator): Promise<void> {
  const isShown = async () => {
    // A call that the page has made meanwhile has postponed the end.
    await advanceTo(minutes, page);
    return shown.isVisible();
  };
  await expect.poll(isShown).toBe(true);
}

async function start(session: BrowserSession): Promise<void> {
  // Both clocks go on meanwhile.
  vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true });
  await session.page.clock.install();
  await openScript(session);
}
afterEach(() => void vi.useRealTimers());

describeConsole(
  'the console, before and after the end of a session',
  { SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-console-tests', SESSION_IDLE_MINUTES: '60' },
  (app) => {
    test('the end of the idle time is announced, and can be postponed with a keyboard', async () => {
      const session = await app.openSession();
      const { page } = session;
      await start(session);
      await advanceTo(6, page);
      expect(await notice(page).count()).toBe(0);
      await advanceUntil(4, page, notice(page));
      const first = await notice(page).textContent();
      // Politely and once: the text does not change from minute to minute.
      const status = page.getByRole('status').filter({ hasText: /You will be signed out at \d/ });
      const announced = await status.textContent();
      await advance(1, page);
      await expect.poll(() => notice(page).textContent()).not.toBe(first);
      expect(await status.textContent()).toBe(announced);
      await session.expectAccessible();
      const search = page.getByRole('searchbox', { name: 'Find a person' });
      await page.locator('h1').click();
      await tabToStay(page);
      await page.keyboard.press('Enter');
      await notice(page).waitFor({ state: 'detached' });
      await page.getByRole('status').filter({ hasText: 'You stay signed in.' }).waitFor({ state: 'attached' });
      // The new end is an hour away.
      await search.focus();
      await advanceTo(6, page);
      expect(await notice(page).count()).toBe(0);
      await advanceUntil(0.5, page, lastMinute(page));
      await session.expectAccessible();
      expect(await focused(page)).toBe('Stay signed in');
      await page.keyboard.press('Enter');
      await lastMinute(page).waitFor({ state: 'detached' });
      expect(await notice(page).count()).toBe(0);
      await expect.poll(() => focused(page)).toBe('Find a person');
    });

    test('the last minute interrupts a dialog, which keeps what was typed and the focus', async () => {
      const first = await app.openSession();
      await start(first);
      const { page, dialog, field, typed, saves } = await edit(first);
      await advanceUntil(4, page, notice(page));
      await advanceUntil(0.5, page, lastMinute(page));
      await first.expectAccessible();
      expect(await focused(page)).toBe('Stay signed in');
      await page.keyboard.press('Escape');
      await lastMinute(page).waitFor({ state: 'detached' });
      await page.getByText('You will be signed out in a minute.').waitFor();
      expect(await dialog.count()).toBe(1);
      expect(await field.inputValue()).toBe(typed);
      await expect.poll(() => focused(page)).toBe(await field.getAttribute('id'));
      await saves('Save');
      await notice(page).waitFor({ state: 'detached' });
    });

    test('signing out in the last minute discards what was typed without a question', async () => {
      const first = await app.openSession();
      await start(first);
      const { page, dialog } = await edit(first);
      const questions: string[] = [];
      page.on('dialog', (question) => {
        questions.push(question.type());
        void question.dismiss();
      });
      await advanceUntil(4, page, notice(page));
      await advanceUntil(0.5, page, lastMinute(page));
      await lastMinute(page).getByRole('button', { name: 'Sign out' }).click();
      await dialog.waitFor({ state: 'detached' });
      await expect.poll(() => page.getByText(/zielinski/).count()).toBe(0);
      await expect.poll(() => page.title()).not.toContain(script);
      expect(questions).toEqual([]);
    });

    test('activity in one tab postpones the notice of the others', async () => {
      const session = await app.openSession();
      const { page, context } = session;
      await start(session);
      const other = await context.newPage();
      await other.goto(page.url());
      await rowOf(other).waitFor();
      await advanceUntil(3, page, notice(page));
      await advanceUntil(3, page, notice(other));
      await page.getByRole('button', { name: 'Refresh' }).click();
      for (const each of [page, other]) await notice(each).waitFor({ state: 'detached' });
    });

    test('the page is covered at the end of the idle time', async () => {
      const session = await app.openSession();
      const { page } = session;
      await start(session);
      await advanceUntil(-0.5, page, cover(page).getByText('You were inactive for too long.'));
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
      await provider.goto(`${app.service.simulatorUrl?.origin}/identity/session/end`, { waitUntil: 'commit' });
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

describeConsole(
  'the console with a short idle time',
  { SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-console-tests', SESSION_IDLE_MINUTES: '5' },
  (app) => {
    test('the end of the idle time is announced when a fifth of it is left', async () => {
      const session = await app.openSession();
      const { page } = session;
      await start(session);
      const announced = page.getByText(/You will be signed out/);
      expect(await announced.count()).toBe(0);
      await advanceTo(2, page);
      expect(await announced.count()).toBe(0);
      await advanceUntil(0.9, page, lastMinute(page));
      await page.getByRole('button', { name: 'Stay signed in' }).click();
      await lastMinute(page).waitFor({ state: 'detached' });
      await advanceTo(2, page);
      expect(await announced.count()).toBe(0);
    });
  },
);
