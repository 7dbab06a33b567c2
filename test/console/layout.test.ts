import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { openLong } from '../support/console-bulk.js';

const boxes = (elements: Locator) =>
  elements.evaluateAll((all) =>
    (all as unknown as { getBoundingClientRect(): Readonly<Record<'x' | 'y' | 'width' | 'height', number>> }[]).map(
      (each) => each.getBoundingClientRect(),
    ),
  );
const pageWidth = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');

interface Styles {
  getComputedStyle(element: unknown, pseudo?: string): Readonly<Record<string, string>>;
}
/** The visible parts of the line below each header of a table, in forced colors. */
const headerLines = (headers: Locator) =>
  headers.evaluateAll((all) =>
    all.map((each) => {
      const { borderBottomStyle, borderBottomWidth, content } = (globalThis as unknown as Styles).getComputedStyle(
        each,
        '::after',
      );
      return content === 'none' ? 'none' : `${borderBottomWidth} ${borderBottomStyle}`;
    }),
  );

describeConsole('the header on a phone', { GRAPH_WRITES_PER_20S: '20', GRAPH_DEADLINE_MS: '20000' }, (app) => {
  test('has one line, also while jobs run, and names what it shows as icons', async () => {
    const { page, dialog, selectAll, press, expectAccessible } = await openLong(app);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('5511');
    await press('Send changes');
    await dialog.getByText('You can close this page: the job continues').waitFor();
    await press('Close');
    const header = page.getByRole('banner');
    const activity = header.getByRole('link', { name: 'Activity (1 job is running)' });
    await activity.waitFor();
    for (const [width, height] of [
      [390, 844],
      [320, 640],
    ] as const) {
      await page.setViewportSize({ width, height });
      const parts = await boxes(header.locator('img, a, .fui-Badge, button'));
      expect(parts.length).toBeGreaterThanOrEqual(5);
      const top = Math.max(...parts.map(({ y }) => y));
      const bottom = Math.min(...parts.map(({ y, height: partHeight }) => y + partHeight));
      expect(top).toBeLessThan(bottom);
      expect(await pageWidth(page)).toBe(width);
    }
    const tree = await header.ariaSnapshot();
    expect(tree).toContain('Simulated data');
    expect(tree).toContain('button "Local operator"');
    await header.getByRole('button', { name: 'Local operator' }).click();
    await page.getByText('Simulated: not connected to a tenant').waitFor();
    await expectAccessible();
  });
});

describeConsole('the overview on small screens', {}, (app) => {
  async function openAt(width: number, height: number) {
    const session = await app.openSession();
    await session.page.setViewportSize({ width, height });
    await session.open();
    await session.page.getByText('300 scripts', { exact: true }).waitFor();
    const summary = session.page.getByRole('region', { name: 'Summary' });
    return { ...session, summary, rows: session.page.getByRole('table', { name: 'Scripts' }).locator('tbody tr') };
  }

  test('a laptop of 1280 × 768 at 125 % shows how many scripts fail, and at least six of them', async () => {
    const { page, summary, rows, expectAccessible } = await openAt(1024, 614);
    const whole = async () => (await boxes(rows)).filter(({ y, height }) => y > 0 && y + height <= 614).length;
    await expect.poll(whole).toBeGreaterThanOrEqual(6);
    const outcome = summary.getByText('of 300 scripts with failures');
    expect((await outcome.boundingBox())?.y).toBeLessThan(614);
    await expectAccessible();
    const button = summary.getByRole('button', { name: 'Summary' });
    expect(await button.getAttribute('aria-expanded')).toBe('false');
    await button.click();
    await expect.poll(() => summary.getByRole('listitem').count()).toBe(10);
    await outcome.waitFor();
    await page.reload();
    await expect.poll(() => summary.getByRole('listitem').count()).toBe(10);
    await expectAccessible();
  });

  test.each([
    [390, 844],
    [320, 640],
  ])('a phone of %d × %d has the filters side by side, and rows in sight', async (width, height) => {
    const { page, summary, rows, expectAccessible } = await openAt(width, height);
    await summary.getByText('of 300 scripts with failures').waitFor();
    const kind = await page.getByLabel('Kind').boundingBox();
    const result = await page.getByLabel('Result').boundingBox();
    expect(result?.y).toBe(kind?.y);
    expect((result?.x ?? 0) + (result?.width ?? 0)).toBeLessThanOrEqual(width);
    expect((await boxes(rows)).filter((box) => box.y + box.height <= height).length).toBeGreaterThanOrEqual(2);
    expect(await pageWidth(page)).toBe(width);
    await expectAccessible();
  });

  test.each(['dark', 'light'] as const)(
    'forced colors, %s: the headers of a table have a line below them',
    async (colorScheme) => {
      const { page } = await openAt(1440, 900);
      const headers = page.getByRole('table', { name: 'Scripts' }).locator('thead th');
      expect(new Set(await headerLines(headers))).toEqual(new Set(['none']));
      await page.emulateMedia({ forcedColors: 'active', colorScheme });
      await expect.poll(async () => new Set(await headerLines(headers))).toEqual(new Set(['1px solid']));
      // On a narrow screen, the line below the row of headers is a border.
      await page.setViewportSize({ width: 390, height: 844 });
      await expect.poll(async () => new Set(await headerLines(headers))).toEqual(new Set(['none']));
    },
  );
});
