import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { patches } from '../support/journal.js';

const script = 'Clean up temp folders - Kiosks';

describeConsole('the console', { SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-console-tests' }, (app) => {
  test('a visitor without a session signs in and returns to the requested page', async () => {
    const { page, signIn, expectAccessible, open } = await app.openSession();
    await open('/?kind=deviceShellScript&find=password');
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await expectAccessible();
    await signIn('operator', '/?kind=deviceShellScript&outcome=failing');
    await page.getByText('Olga Operator').waitFor();
    expect(new URL(page.url()).search).toBe('?kind=deviceShellScript&outcome=failing');
    expect(await page.getByLabel('Kind').inputValue()).toBe('deviceShellScript');
    expect(await page.getByLabel('Result').inputValue()).toBe('failing');
    await expectAccessible();
  });

  test('an operator finds a person, opens their devices, and edits the counts', async () => {
    const { page, signIn, selectScript, expectAccessible, expectToast } = await app.openSession();
    await signIn('operator');
    await selectScript('PowerShell', script);
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
    await expectToast('Saved: amir');
    await row.getByText('77').waitFor();
    const sent = await patches(app.simulator);
    expect(sent.map(({ body }) => body)).toEqual([expect.objectContaining({ errorDeviceCount: 77 })]);
  });

  test('a reader has no controls that change anything', async () => {
    const { page, signIn, selectScript } = await app.openSession();
    await signIn('reader');
    await selectScript('PowerShell', script);
    await page.getByRole('grid').waitFor();
    expect(await page.getByRole('checkbox').count()).toBe(0);
    expect(await page.getByRole('button', { name: /Edit|Change|Import/ }).count()).toBe(0);
  });

  test('signing out ends the session', async () => {
    const { page, signIn, signOut, open } = await app.openSession();
    await signIn('reader');
    await signOut();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await open();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
  });
});
