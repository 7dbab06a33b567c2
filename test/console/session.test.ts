import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { edit, expectFailure, rowOf, script } from '../support/console-edit.js';
import { patches } from '../support/journal.js';
import { startTestService } from '../support/service.js';

const query = '?kind=deviceManagementScript&find=zielinski';

describeConsole(
  'the console, when the session ends or the connection is lost',
  // Sessions have no idle end before the absolute one.
  { SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-console-tests', SESSION_IDLE_MINUTES: '720' },
  (app) => {
    test('the page keeps its content when the session ends, and signing in returns to it', async () => {
      const session = await app.openSession();
      const { page, context, signIn, selectScript } = session;
      await signIn('operator', `/${query}`);
      await selectScript('PowerShell', script);
      await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
      await page.getByText('2 of 8 people').waitFor();
      await expect.poll(() => new URL(page.url()).searchParams.get('find')).toBe('zielinski');
      const address = page.url();
      await context.clearCookies({ name: 'session' });
      await page.getByRole('button', { name: 'Refresh' }).click();
      await page.getByText('Your session has ended.').waitFor();
      await page.getByText('You need to sign in again').waitFor();
      expect(await rowOf(page).count()).toBe(1);
      await session.expectAccessible();
      const opened = context.waitForEvent('page');
      await page.getByRole('link', { name: 'Sign in again' }).first().click();
      const other = await opened;
      await other.getByText('2 of 8 people').waitFor();
      expect(other.url()).toBe(address);
      // The first page notices the new session by itself.
      await page.getByText('Your session has ended.').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Refresh' }).click();
      await page.getByText('You need to sign in again').waitFor({ state: 'detached' });
    });

    test('a change is not made after the session has ended', async () => {
      const first = await app.openSession();
      await first.signIn('operator');
      await first.page.getByText('Olga Operator').waitFor();
      const session = await edit(first);
      const { page, context, dialog, field, before, typed, click, rowShows } = session;
      await context.clearCookies({ name: 'session' });
      await click('Save');
      await page.getByText('Your session has ended.').waitFor();
      await rowShows(before);
      await session.expectAccessible();
      // The same person can read the page again after a sign-in.
      await page.getByRole('link', { name: 'Sign in again' }).click();
      await page.getByText('Your session has ended.').waitFor({ state: 'detached' });
      await expectFailure(app, dialog, 'SIGN_IN_REQUIRED', 'You need to sign in again');
      await rowShows(before);
      expect(await field.inputValue()).toBe(typed);
      expect(await patches(app.simulator)).toEqual([]);
      await session.expectAccessible();
    });

    test('a session that is about to expire is announced', async () => {
      const session = await app.openSession();
      const { page, signIn, selectScript } = session;
      await page.clock.install();
      await signIn('operator');
      await selectScript('PowerShell', script);
      await rowOf(page).waitFor();
      expect(await page.getByText(/Your session/).count()).toBe(0);
      await page.clock.fastForward('11:55:00');
      await page.getByText(/Your session ends in [2-9] minutes\./).waitFor();
      await session.expectAccessible();
      await page.clock.fastForward('10:00');
      // Only the service reports that the session has ended: the local clock can be wrong.
      await page.getByText('Your session ends in a minute.').waitFor();
      expect(await page.getByRole('link', { name: 'Sign in again' }).getAttribute('href')).toContain('/auth/sign-in?');
      expect(await rowOf(page).count()).toBe(1);
    });

    test('a user without a role gets a page that explains it, at sign-in and later', async () => {
      const session = await app.openSession();
      const { page, signIn, open } = session;
      await signIn('no-role');
      await page.getByRole('heading', { name: 'No access yet' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/auth/callback');
      await session.expectAccessible();
      await open();
      await page.getByText('Nora Norole').waitFor();
      await page.getByRole('heading', { name: 'No access yet' }).waitFor();
      await page.getByText(/You are signed in as Nora Norole \(nora\.norole@/).waitFor();
      const other = page.getByRole('link', { name: 'Sign in with another account' });
      expect(await other.getAttribute('href')).toBe('/auth/sign-in?returnTo=%2F&prompt=select_account');
      expect(await page.getByRole('navigation').count()).toBe(0);
      await session.expectAccessible();
      await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
    });

    test('signing out in one tab clears the others within a second', async () => {
      const session = await app.openSession();
      const { page, context, signIn, signOut, selectScript } = session;
      await signIn('operator', `/${query}`);
      await selectScript('PowerShell', script);
      await rowOf(page).waitFor();
      const others = await Promise.all([context.newPage(), context.newPage()]);
      for (const other of others) {
        await other.goto(page.url());
        await rowOf(other).waitFor();
      }
      const [first] = others;
      await first?.getByRole('button', { name: /^Edit/ }).first().click();
      await first?.getByRole('dialog').waitFor();
      // The other tabs do not learn of it from the service.
      for (const other of others) await other.route('**/trpc/session.current', () => undefined);
      await signOut();
      for (const other of others) {
        await other.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
        expect(await other.getByText(/zielinski|Olga/i).count()).toBe(0);
        expect(await other.getByRole('dialog').count()).toBe(0);
        expect(new URL(other.url()).search).toBe('');
        expect(await other.title()).toBe('Script states');
      }
      await page.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
    });

    test('a change made offline is neither lost nor sent automatically later', async () => {
      const first = await app.openSession();
      await first.signIn('operator');
      await first.page.getByText('Olga Operator').waitFor();
      const session = await edit(first);
      const { page, context, dialog, before, field, typed, click, rowShows, saves } = session;
      await context.setOffline(true);
      await page.getByText('You are offline.').waitFor();
      await click('Save');
      await dialog.getByText('The change was not sent. Try again when you are online.').waitFor();
      await rowShows(before);
      expect(await field.inputValue()).toBe(typed);
      await session.expectAccessible();
      await context.setOffline(false);
      await page.getByText('You are offline.').waitFor({ state: 'detached' });
      expect(await patches(app.simulator)).toEqual([]);
      await saves('Send again');
    });

    test('the page reports an unreachable service, and recovers when it is back', async () => {
      const session = await app.openSession();
      const { page, open, selectScript } = session;
      const service = await startTestService();
      await page.clock.install();
      await open(`http://localhost:${service.url.port}/`);
      await selectScript('PowerShell', script);
      await rowOf(page).waitFor();
      await service.stop();
      await page.getByRole('button', { name: 'Refresh' }).click();
      await page.getByRole('main').getByText('The service is unreachable').waitFor();
      // The session is polled every minute.
      await page.clock.fastForward('01:01');
      const notice = page.getByText('The service is unreachable.', { exact: true });
      await notice.waitFor();
      expect(await rowOf(page).count()).toBe(1);
      await session.expectAccessible();
      const again = await startTestService({ PORT: service.url.port });
      try {
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.getByRole('main').getByText('The service is unreachable').waitFor({ state: 'detached' });
        await notice.waitFor({ state: 'detached' });
        await rowOf(page).waitFor();
      } finally {
        await again.stop();
      }
    });
  },
);
