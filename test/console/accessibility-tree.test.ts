import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { openShort } from '../support/console-bulk.js';

const scriptKind = 'deviceManagementScript';
const script = 'Clean up temp folders - Kiosks';

/** The page as screen readers get it. */
const tree = (page: Page) => page.locator('body').ariaSnapshot();

/** The headings with their levels, in the order of the page. */
const headings = async (page: Page) => [...(await tree(page)).matchAll(/heading "?(.+?)"? \[level=(\d)\]/g)];

describeConsole('the accessibility tree', {}, (app) => {
  async function openPage(path: (ids: { readonly script: string; readonly user: string }) => string) {
    const { client } = app.service;
    const { items: scripts } = await client.script.list.query({ scriptKind });
    const scriptId = scripts.find(({ displayName }) => displayName === script)?.id ?? expect.fail(script);
    const { items } = await client.deviceRunState.listForScript.query({ scriptKind, scriptId });
    const user = items.find(({ device }) => device?.userId)?.device?.userId ?? expect.fail('no person');
    const session = await app.openSession();
    await session.open(path({ script: `/scripts/${scriptKind}/${scriptId}`, user: `/people/${user}` }));
    await session.page.getByRole('heading', { level: 1 }).waitFor();
    await session.page.waitForLoadState('networkidle');
    return session;
  }

  test.each([
    ['the overview', () => '/', 'table'],
    ['the people', ({ script: address }) => address, 'grid'],
    ['the devices', ({ script: address }) => `${address}?view=devices`, 'table'],
    ['the errors', ({ script: address }) => `${address}?view=errors`, 'list'],
    ['a person', ({ user }) => user, 'table'],
    ['the activity', () => '/activity', undefined],
  ] satisfies [string, (ids: { readonly script: string; readonly user: string }) => string, string | undefined][])(
    'of %s has names for all controls and tables, and no empty region',
    async (_page, path, role) => {
      const { page } = await openPage(path);
      if (role !== undefined)
        await page
          .locator(`main ${{ table: 'table', grid: '[role=grid]', list: 'ul' }[role]}`)
          .first()
          .waitFor();
      const text = await tree(page);
      expect(text).not.toMatch(
        /- (?:button|link|table|grid|region|searchbox|combobox|checkbox|tab|dialog|img)(?:$| \[|:)/m,
      );
      // A region without content has no colon at its end.
      expect(text).not.toMatch(/- region "[^"]*"$/m);
      const levels = (await headings(page)).map(([, , level]) => Number(level));
      expect(levels[0]).toBe(1);
      expect(levels.filter((level) => level === 1)).toHaveLength(1);
      // No level is left out.
      expect(levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)).toEqual([]);
    },
  );

  test('of the overview says what a number means before the number', async () => {
    const { page } = await openPage(() => '/');
    const table = page.getByRole('table', { name: 'Scripts' });
    await table.waitFor();
    const summary = await page.getByRole('region', { name: 'Summary' }).ariaSnapshot();
    expect(summary).toContain('- term: Scripts with failures, of 300');
    expect(summary).toContain('- list "Most failures"');
    expect((await headings(page)).map(([, name]) => name)).toEqual(['Overview', 'Most failures', 'All scripts']);
    // The name of the script is read with every number of its row.
    const names = table.getByRole('rowheader');
    expect(await names.count()).toBe((await table.getByRole('row').count()) - 1);
    expect(await names.first().getByRole('link').count()).toBe(1);
  });

  test('of a list has its count once, and the button that clears a search only with a search', async () => {
    const { page } = await openShort(app);
    const panel = page.getByRole('tabpanel', { name: 'People' });
    const counts = async () => (await panel.ariaSnapshot()).match(/8 people/g)?.length;
    const announced = panel.getByRole('status').filter({ hasText: '8 people' });
    await announced.waitFor({ state: 'attached' });
    await announced.waitFor({ state: 'detached' });
    expect(await counts()).toBe(1);
    const clear = page.getByRole('button', { name: 'Clear the search' });
    const search = page.getByRole('searchbox', { name: 'Find a person' });
    expect(await page.getByRole('button', { name: /clear/i }).count()).toBe(0);
    await search.fill('zielinski');
    await page.getByText('2 of 8 people', { exact: true }).waitFor();
    await clear.click();
    await page.getByText('8 people', { exact: true }).waitFor();
    expect(await search.and(page.locator(':focus')).count()).toBe(1);
  });
});
