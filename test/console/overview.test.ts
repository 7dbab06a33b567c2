import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';

const kinds = ['deviceManagementScript', 'deviceShellScript', 'deviceCustomAttributeShellScript'] as const;

describeConsole('the overview', {}, (app) => {
  async function openOverview(path = '/') {
    const session = await app.openSession();
    await session.open(path);
    await session.page.getByText(/^(?:\d+ of )?300 scripts$/).waitFor();
    const table = session.page.getByRole('table', { name: 'Scripts' });
    const rows = table.getByRole('row').filter({ has: session.page.getByRole('cell') });
    const cells = async (column: number) =>
      Promise.all((await rows.all()).map((row) => row.locator('th, td').nth(column).innerText()));
    return { ...session, table, rows, cells };
  }

  /** All scripts of the simulated tenant. */
  async function allScripts() {
    const pages = await Promise.all(
      kinds.map((scriptKind) => app.service.client.script.overview.query({ scriptKind })),
    );
    return pages.flatMap(({ items }) => items);
  }

  test('is the first page: how many scripts fail, for how many people, and the worst of them first', async () => {
    const { page, cells, expectAccessible } = await openOverview();
    const scripts = await allScripts();
    const failing = scripts.filter(({ summary }) => (summary?.errorDeviceCount ?? 0) > 0);
    const sum = (field: 'errorDeviceCount' | 'errorUserCount') =>
      scripts.reduce((total, { summary }) => total + (summary?.[field] ?? 0), 0).toLocaleString('en');
    const facts = await page.getByRole('region', { name: 'Summary' }).locator('dl > div').allInnerTexts();
    expect(facts.map((fact) => fact.replaceAll('\n', ' '))).toEqual([
      expect.stringContaining(`${failing.length}`),
      expect.stringContaining(sum('errorUserCount')),
      expect.stringContaining(sum('errorDeviceCount')),
    ]);
    const worst = failing.toSorted((a, b) => (b.summary?.errorDeviceCount ?? 0) - (a.summary?.errorDeviceCount ?? 0));
    const bars = await page.getByRole('region', { name: 'Summary' }).getByRole('listitem').allInnerTexts();
    expect(bars).toHaveLength(10);
    expect(bars[0]).toContain(worst[0]?.displayName);
    expect(bars[0]).toContain(`${worst[0]?.summary?.errorDeviceCount} devices`);
    const failed = (await cells(3)).map(Number);
    expect(failed).toEqual(worst.slice(0, failed.length).map(({ summary }) => summary?.errorDeviceCount));
    expect(await page.title()).toBe('Overview – Script states');
    await page.getByText(/^Last refreshed at/).waitFor();
    await expectAccessible();
  });

  test('is searched, filtered and sorted, and its address restores that', async () => {
    const { page, rows, cells, context } = await openOverview();
    await page.getByRole('searchbox', { name: 'Find a script' }).pressSequentially('bitlocker');
    await page.getByLabel('Kind').selectOption('deviceManagementScript');
    await page.getByLabel('Result').selectOption({ label: 'With failures' });
    await expect.poll(() => rows.count()).toBeLessThan(30);
    expect((await cells(0)).every((name) => name.includes('BitLocker'))).toBe(true);
    expect(new Set(await cells(1))).toEqual(new Set(['PowerShell']));
    expect(await cells(3)).not.toContain('0');
    await page.getByRole('columnheader', { name: 'Script', exact: true }).getByRole('button').click();
    const names = await cells(0);
    expect(names).toEqual(names.toSorted((a, b) => a.localeCompare(b)));
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      find: 'bitlocker',
      kind: 'deviceManagementScript',
      outcome: 'failing',
      sort: 'script',
      ascending: 'true',
    });
    const other = await context.newPage();
    await other.goto(page.url());
    await expect.poll(() => other.getByRole('row').count()).toBe(names.length + 1);
    expect(await other.getByRole('searchbox').inputValue()).toBe('bitlocker');
    expect(await other.getByRole('columnheader', { name: 'Script', exact: true }).getAttribute('aria-sort')).toBe(
      'ascending',
    );
  });

  test('shows missing summaries as not known, neither as zero nor as success', async () => {
    await app.simulator.fault({ fault: 'not-found', method: 'GET', path: '/runSummary', times: 7 });
    const { page, rows, cells, expectAccessible } = await openOverview();
    const fact = page.getByRole('region', { name: 'Summary' }).getByText('scripts with unknown results');
    await fact.waitFor();
    expect(await page.getByRole('region', { name: 'Summary' }).locator('dl > div').last().innerText()).toMatch(/\n7$/);
    await page.getByLabel('Result').selectOption({ label: 'Not known' });
    await expect.poll(() => rows.count()).toBe(7);
    for (const column of [2, 3, 4, 5, 6]) expect(new Set(await cells(column))).toEqual(new Set(['Not known']));
    await expectAccessible();
    const names = new Set(await cells(0));
    await page.getByLabel('Result').selectOption({ label: 'Without failures' });
    await expect.poll(() => cells(3).then((counts) => new Set(counts))).toEqual(new Set(['0']));
    expect((await cells(0)).filter((name) => names.has(name))).toEqual([]);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await fact.waitFor({ state: 'detached' });
  });

  test('the session and the first lists are requested at once, and neither waits for the other', async () => {
    const session = await app.openSession();
    const { page } = session;
    const releaseSession = await session.holdCalls('session.current');
    const lists = page.waitForRequest((request) => request.url().includes('/trpc/script.overview'));
    await session.open();
    await lists;
    releaseSession();
    await page.getByRole('table', { name: 'Scripts' }).waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    const releaseLists = await session.holdCalls('script.overview,script.overview,script.overview');
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.getByRole('link', { name: 'Activity' }).waitFor();
    expect(await page.getByRole('table').count()).toBe(0);
    releaseLists();
    await page.getByRole('table', { name: 'Scripts' }).waitFor();
  });

  /** Opens a path while the script of the page is held back, and records the calls. */
  async function openWithoutScript(path = '/') {
    const session = await app.openSession();
    const { page } = session;
    const calls: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/trpc/')) calls.push(pathname.slice('/trpc/'.length));
    });
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/assets/index-*.js', async (route) => {
      await released;
      await route.continue();
    });
    await page.goto(path, { waitUntil: 'commit' });
    return { ...session, calls, release, placeholder: page.getByRole('status', { name: 'Loading', exact: true }) };
  }
  const firstLists = 'script.overview,script.overview,script.overview';

  test('before its script has been loaded, the page has a placeholder and sends its first requests, once', async () => {
    const { page, calls, release, placeholder, expectAccessible } = await openWithoutScript();
    await placeholder.waitFor();
    await expect.poll(() => calls, { timeout: 20_000 }).toEqual(['session.current', firstLists]);
    await expectAccessible();
    release();
    await page.getByRole('table', { name: 'Scripts' }).waitFor();
    expect(await placeholder.count()).toBe(0);
    expect(calls.filter((call) => call === 'session.current' || call === firstLists)).toHaveLength(2);
    // A later request is not answered by the first response.
    const refreshed = page.waitForResponse((response) => response.url().includes(firstLists));
    await page.getByRole('button', { name: 'Refresh' }).click();
    await refreshed;
  });

  test('the other pages send only the request for the session early', async () => {
    const { page, calls, release, placeholder } = await openWithoutScript('/activity');
    await placeholder.waitFor();
    await expect.poll(() => calls, { timeout: 20_000 }).toEqual(['session.current']);
    release();
    await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
    expect(calls).not.toContain(firstLists);
  });

  test('a first request that fails is sent again', async () => {
    const session = await app.openSession();
    const { page } = session;
    await page.route('**/trpc/session.current?batch=1', (route) => route.abort(), { times: 1 });
    await page.route(`**/trpc/${firstLists}?batch=1`, (route) => route.abort(), { times: 1 });
    await session.open();
    await page.getByRole('table', { name: 'Scripts' }).waitFor();
  });
});
