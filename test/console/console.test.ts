import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../support/chromium.js';
import { type Site, startSite } from '../support/console.js';

const script = 'Clean up temp folders - Kiosks';

describeInChromium('the console', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-console-tests' });
  });
  afterEach(() => expect(site.complaints).toEqual([]));
  afterAll(() => site.stop());

  test('whoever is not signed in is asked to, and comes back to where they wanted to go', async () => {
    const { page, signIn, expectAccessible, open } = await site.desk();
    await open('/?kind=deviceShellScript&find=maria');
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await expectAccessible();
    await signIn('operator', '/?kind=deviceShellScript&errors=true');
    await page.getByText('Olga Operator').waitFor();
    expect(new URL(page.url()).search).toBe('?kind=deviceShellScript&errors=true');
    expect(await page.getByRole('tab', { name: 'Shell (macOS and Linux)' }).getAttribute('aria-selected')).toBe('true');
    await expectAccessible();
  });

  test('an operator finds a person, sees the devices, and corrects the counts', async () => {
    const { page, signIn, choose, expectAccessible } = await site.desk();
    await signIn('operator');
    await choose('PowerShell', script);
    const row = page.getByRole('row', { name: /amir\.zielinski/ });
    await row.waitFor();
    await expectAccessible();
    await row.getByRole('button', { name: 'amir.zielinski' }).first().click();
    await page.getByRole('table', { name: /Devices of amir/ }).waitFor();
    await expectAccessible();
    await page.getByRole('button', { name: 'Close' }).click();
    await row.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Devices failed').fill('77');
    await expectAccessible();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('region', { name: 'What was saved' }).getByText('Saved: amir').waitFor();
    await row.getByText('77').waitFor();
    const journal = await site.simulator.journal();
    expect(journal.filter(({ method }) => method === 'PATCH').map(({ body }) => body)).toEqual([
      expect.objectContaining({ errorDeviceCount: 77 }),
    ]);
  });

  test('a reader sees no way to change anything', async () => {
    const { page, signIn, choose } = await site.desk();
    await signIn('reader');
    await choose('PowerShell', script);
    await page.getByRole('grid').waitFor();
    expect(await page.getByRole('checkbox').count()).toBe(0);
    expect(await page.getByRole('button', { name: /Edit|Change|Import/ }).count()).toBe(0);
  });

  test('who signs out is gone', async () => {
    const { page, signIn, open } = await site.desk();
    await signIn('reader');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await open();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
  });
});
