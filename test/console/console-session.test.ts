import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../support/chromium.js';
import { type Site, startSite } from '../support/console.js';
import { edit, expectFailure, rowOf, script } from '../support/console-faults.js';
import { startTestService } from '../support/service.js';

const query = '?kind=deviceManagementScript&find=zielinski';

describeInChromium('the console, when the session or the connection ends', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-console-tests' });
  });
  afterEach(async () => {
    await site.simulator.reset();
    expect(site.complaints).toEqual([]);
  });
  afterAll(() => site.stop());

  test('what is shown stays when the session ends, and the way back leads to it', async () => {
    const desk = await site.desk();
    const { page, context, signIn, choose } = desk;
    await signIn('operator', `/${query}`);
    await choose('PowerShell', script);
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
    await page.getByText('2 of 8 people').waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get('find')).toBe('zielinski');
    const address = page.url();
    await context.clearCookies({ name: 'session' });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('Your session has ended.').waitFor();
    await page.getByText('You need to sign in again').waitFor();
    expect(await rowOf(page).count()).toBe(1);
    await desk.expectAccessible();
    const opened = context.waitForEvent('page');
    await page.getByRole('link', { name: 'Sign in again' }).first().click();
    const other = await opened;
    await other.getByText('2 of 8 people').waitFor();
    expect(other.url()).toBe(address);
    // The page that was left open has lost nothing, and notices by itself.
    await page.getByText('Your session has ended.').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('You need to sign in again').waitFor({ state: 'detached' });
  });

  test('a change that meets an ended session is not made', async () => {
    const first = await site.desk();
    await first.signIn('operator');
    await first.page.getByText('Olga Operator').waitFor();
    const desk = await edit(first);
    const { page, context, dialog, field, before, typed, click, shows } = desk;
    await context.clearCookies({ name: 'session' });
    await click('Save');
    await expectFailure(site, dialog, 'SIGN_IN_REQUIRED', 'You need to sign in again');
    await page.getByText('Your session has ended.').waitFor();
    await shows(before);
    expect(await field.inputValue()).toBe(typed);
    expect((await site.simulator.journal()).filter(({ method }) => method === 'PATCH')).toEqual([]);
    await desk.expectAccessible();
  });

  test('who is about to be signed out is told', async () => {
    const desk = await site.desk();
    const { page, signIn, choose } = desk;
    await page.clock.install();
    await signIn('operator');
    await choose('PowerShell', script);
    await rowOf(page).waitFor();
    expect(await page.getByText(/Your session/).count()).toBe(0);
    await page.clock.fastForward('11:55:00');
    await page.getByText(/Your session ends in [2-9] minutes\./).waitFor();
    await desk.expectAccessible();
    await page.clock.fastForward('10:00');
    // Whether it has ended is for the service to say: the clock of this machine can be wrong.
    await page.getByText('Your session ends in a minute.').waitFor();
    expect(await page.getByRole('link', { name: 'Sign in again' }).getAttribute('href')).toContain('/auth/sign-in?');
    expect(await rowOf(page).count()).toBe(1);
  });

  test('who has no role is told so on the way in and later', async () => {
    const desk = await site.desk();
    const { page, signIn, open } = desk;
    await signIn('no-role');
    await page.getByRole('heading', { name: 'No access yet' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/auth/callback');
    await desk.expectAccessible();
    await open();
    await page.getByText('Nora Norole').waitFor();
    await page.getByRole('heading', { name: 'No access yet' }).waitFor();
    expect(await page.getByRole('tab').count()).toBe(0);
    await desk.expectAccessible();
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
  });

  test('offline, nothing is lost and nothing is sent later by itself', async () => {
    const first = await site.desk();
    await first.signIn('operator');
    await first.page.getByText('Olga Operator').waitFor();
    const desk = await edit(first);
    const { page, context, dialog, before, field, typed, click, shows, saves } = desk;
    await context.setOffline(true);
    await page.getByText('You are offline.').waitFor();
    await click('Save');
    await dialog.getByText('Nothing was sent. Try again when you are connected.').waitFor();
    await shows(before);
    expect(await field.inputValue()).toBe(typed);
    await desk.expectAccessible();
    await context.setOffline(false);
    await page.getByText('You are offline.').waitFor({ state: 'detached' });
    expect((await site.simulator.journal()).filter(({ method }) => method === 'PATCH')).toEqual([]);
    await saves('Send again');
  });

  test('a service that is gone is noticed, and so is its return', async () => {
    const desk = await site.desk();
    const { page, open, choose } = desk;
    const service = await startTestService();
    await page.clock.install();
    await open(`http://localhost:${service.url.port}/`);
    await choose('PowerShell', script);
    await rowOf(page).waitFor();
    await service.stop();
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('main').getByText('The service can not be reached').waitFor();
    // Who is signed in is asked every minute.
    await page.clock.fastForward('01:01');
    const notice = page.getByText('The service can not be reached.', { exact: true });
    await notice.waitFor();
    expect(await rowOf(page).count()).toBe(1);
    await desk.expectAccessible();
    const again = await startTestService({ PORT: service.url.port });
    try {
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('main').getByText('The service can not be reached').waitFor({ state: 'detached' });
      await notice.waitFor({ state: 'detached' });
      await rowOf(page).waitFor();
    } finally {
      await again.stop();
    }
  });
});
