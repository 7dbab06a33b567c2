import { expect, test } from 'vitest';
import type { RouterOutputs } from '../../src/contract.js';
import { describeConsole } from '../support/console.js';
import { rowOf, script } from '../support/console-edit.js';

const scriptKind = 'deviceManagementScript';
type PersonState = RouterOutputs['scriptUserState']['listForUser']['items'][number];

describeConsole('the pages of the console', {}, (app) => {
  /** Opens the page of a script. */
  async function openScript(search = '') {
    const session = await app.openSession();
    const { items } = await app.service.client.script.list.query({ scriptKind });
    const scriptId = items.find(({ displayName }) => displayName === script)?.id ?? expect.fail();
    await session.open(`/scripts/${scriptKind}/${scriptId}${search}`);
    await session.page.getByRole('heading', { level: 1, name: script }).waitFor();
    const { items: states } = await app.service.client.deviceRunState.listForScript.query({ scriptKind, scriptId });
    return { ...session, scriptId, states };
  }
  /** The states of a person for all scripts. */
  async function allStates(userId: string, cursor?: string): Promise<readonly PersonState[]> {
    const { items, nextCursor } = await app.service.client.scriptUserState.listForUser.query({ userId, cursor });
    return nextCursor === undefined ? items : [...items, ...(await allStates(userId, nextCursor))];
  }
  const failed = (state: { readonly runState: string | null }) =>
    state.runState === 'fail' || state.runState === 'scriptError';

  test('an address from before the console had several pages leads to its script', async () => {
    const { items } = await app.service.client.script.list.query({ scriptKind });
    const { id = '' } = items.find(({ displayName }) => displayName === script) ?? {};
    const { page, open } = await app.openSession();
    await open(`/?script=${id}&find=zielinski&errors=true&sort=person&ascending=true`);
    await page.getByRole('heading', { level: 1, name: script }).waitFor();
    await page.getByText(/^\d of 8 people$/).waitFor();
    expect(await page.getByRole('searchbox', { name: 'Find a person' }).inputValue()).toBe('zielinski');
    const url = new URL(page.url());
    expect(url.pathname).toBe(`/scripts/${scriptKind}/${id}`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      find: 'zielinski',
      errors: 'true',
      sort: 'person',
      ascending: 'true',
    });
    expect(await page.title()).toBe(`${script} – People – Script states`);
  });

  test('an old address requests no lists of the overview, which has its own when it is opened', async () => {
    const { items } = await app.service.client.script.list.query({ scriptKind });
    const { id = '' } = items.find(({ displayName }) => displayName === script) ?? {};
    const { page, open } = await app.openSession();
    const calls: string[] = [];
    page.on('request', (request) => calls.push(new URL(request.url()).pathname));
    await open(`/?kind=${scriptKind}&script=${id}`);
    await page.getByText('8 people').first().waitFor();
    expect(calls.filter((path) => path.includes('script.overview'))).toEqual([]);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText(/^300 scripts$/).waitFor();
    expect(calls.filter((path) => path.includes('script.overview'))).not.toEqual([]);
  });

  test('parameters that no page has are left out of the address', async () => {
    const { page } = await openScript('?view=none&sort=none&find=zielinski&other=1');
    await page.getByText('2 of 8 people').first().waitFor();
    expect(new URL(page.url()).search).toBe('?find=zielinski');
  });

  test.each(['/nothing', '/scripts/none/id', '/people/%00', '/people/..%2fid'])(
    '%s shows that there is no such page, and leads to the overview',
    async (path) => {
      const { page, open } = await app.openSession();
      await open(path);
      await page.getByRole('heading', { level: 1, name: 'Page not found' }).waitFor();
      expect(await page.title()).toBe('Page not found – Script states');
      await page.getByRole('main').getByRole('link', { name: 'overview' }).click();
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    },
  );

  test('the devices of a script have names, systems, check-ins, results, codes and messages', async () => {
    const { page, states, expectAccessible } = await openScript('?view=devices');
    const rows = page
      .getByRole('table', { name: 'Devices' })
      .getByRole('row')
      .filter({ has: page.getByRole('cell') });
    await expect.poll(() => rows.count()).toBe(states.length);
    const first = states.find((state) => failed(state) && state.device !== null) ?? expect.fail();
    const row = await rows.filter({ hasText: first.device?.deviceName ?? '' }).innerText();
    expect(row).toContain(`${first.device?.operatingSystem} ${first.device?.osVersion}`);
    expect(row).toContain(first.device?.userPrincipalName);
    expect(row).toContain(first.errorDescription);
    expect(row).toMatch(/Failed|Script error/);
    expect(row).toMatch(/Jan \d+, 2026/);
    await expectAccessible();
    await page.getByRole('switch', { name: 'Only with failures' }).click();
    await expect.poll(() => rows.count()).toBe(states.filter(failed).length);
    await page.getByRole('searchbox').fill(first.device?.deviceName ?? '');
    await expect.poll(() => rows.count()).toBe(1);
    expect(await page.title()).toBe(`${script} – Devices – Script states`);
  });

  test('the failures of a script lead from their reason to the people', async () => {
    const { page, states, expectAccessible } = await openScript('?view=errors');
    const failures = states.filter(failed);
    const groups = page.getByRole('main').getByRole('listitem');
    const byCode = new Map(
      failures.map(({ errorCode }) => [errorCode, failures.filter((each) => each.errorCode === errorCode)]),
    );
    await expect.poll(() => groups.count()).toBe(byCode.size);
    const [largest] = [...byCode.values()].toSorted((a, b) => b.length - a.length);
    const text = await groups.first().innerText();
    expect(text).toContain(`${largest?.length} device`);
    expect(text).toContain(largest?.[0]?.errorDescription);
    await groups.first().getByRole('button').first().click();
    const people = page.getByRole('table', { name: 'Devices with this error' }).getByRole('link');
    await people.first().waitFor();
    await expectAccessible();
    const owners = new Set(largest?.flatMap(({ device }) => device?.userPrincipalName ?? []));
    expect(new Set(await people.allInnerTexts())).toEqual(owners);
    // The open group is in the address.
    await page.reload();
    const name = await people.first().innerText();
    await people.first().click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.goBack();
    await people.first().waitFor();
  });

  test('a person has all their scripts and devices, from the row of a list and by address', async () => {
    const { page, context, expectAccessible } = await openScript();
    await rowOf(page).getByRole('button', { name: 'amir.zielinski' }).first().click();
    await page.getByRole('dialog').getByRole('link', { name: 'All scripts of this person' }).click();
    const heading = page.getByRole('heading', { level: 1, name: /^amir\.zielinski@/ });
    await heading.waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    const userId = new URL(page.url()).pathname.split('/')[2] ?? '';
    const items = await allStates(userId);
    const failing = items.filter(({ errorDeviceCount }) => errorDeviceCount > 0).length;
    await page.getByText(`${failing} of ${items.length} scripts failed for this person.`).waitFor();
    const scripts = page.getByRole('table', { name: 'Scripts' });
    expect(new Set(await scripts.getByRole('link').allInnerTexts())).toEqual(
      new Set(items.map(({ scriptName }) => scriptName)),
    );
    await page.getByRole('table', { name: 'Devices' }).getByRole('row').nth(1).waitFor();
    await page.getByText(/^\d+ devices?$/).waitFor();
    await expectAccessible();
    const name = await heading.innerText();
    expect(await page.title()).toBe(`${name} – Person – Script states`);
    const other = await context.newPage();
    await other.goto(`/people/${userId}`);
    await other.getByRole('heading', { level: 1, name }).waitFor();
    await other.getByRole('link', { name: script, exact: true }).click();
    await other.getByRole('dialog', { name: `Devices of ${name}` }).waitFor();
  });

  test('Back and Forward move between pages and views, and the heading takes the focus', async () => {
    const session = await app.openSession();
    const { page, open, selectScript } = session;
    await open('/?outcome=failing');
    await page.getByText(/of 300 scripts$/).waitFor();
    // The first page leaves the focus where the browser puts it.
    expect(await page.locator('h1:focus').count()).toBe(0);
    await selectScript('PowerShell', script);
    await page.locator('h1:focus').getByText(script).waitFor();
    await page.getByRole('tab', { name: 'Errors' }).click();
    await expect.poll(() => page.title()).toBe(`${script} – Errors – Script states`);
    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
    await expect.poll(() => page.title()).toBe('Activity – Script states');
    expect(await page.getByRole('link', { name: 'Activity' }).getAttribute('aria-current')).toBe('page');
    await page.goBack();
    await page.getByRole('tab', { name: 'Errors', selected: true }).waitFor();
    await page.locator('h1:focus').getByText(script).waitFor();
    await page.goBack();
    await page.getByRole('tab', { name: 'People', selected: true }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await expect.poll(() => page.getByLabel('Result').inputValue()).toBe('failing');
    await page.goForward();
    await page.getByRole('tab', { name: 'People', selected: true }).waitFor();
  });

  test('Back closes a dialog, and leaves the page under it as it is', async () => {
    const session = await app.openSession();
    const { page, open, selectScript } = session;
    await open();
    await selectScript('PowerShell', script);
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
    await page.getByText('2 of 8 people').first().waitFor();
    const address = page.url();
    await rowOf(page).getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('dialog').waitFor();
    await page.goBack();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => page.url()).toBe(address);
    await page.getByText('2 of 8 people').first().waitFor();
    // The panel of devices is in the address.
    await page.getByRole('grid').getByRole('button', { name: 'amir.zielinski' }).first().click();
    await page.getByRole('dialog', { name: /^Devices of amir/ }).waitFor();
    await page.goBack();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => page.url()).toBe(address);
    // Without a dialog, Back leaves the page.
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });

  test('the account menu shows the account, its role and the version', async () => {
    const { page, open, expectAccessible } = await app.openSession();
    await open();
    await page.getByRole('button', { name: 'Local operator' }).click();
    const { version } = await app.service.client.session.current.query();
    const account = page.getByRole('group', { name: 'Account' });
    await account.getByText(version, { exact: true }).waitFor();
    await account.getByText('Operator', { exact: true }).waitFor();
    expect(await account.getByRole('button', { name: 'Sign out' }).count()).toBe(0);
    await expectAccessible();
    await page.keyboard.press('Escape');
    await account.waitFor({ state: 'detached' });
  });
});
