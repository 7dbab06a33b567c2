import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';

const script = 'Enable BitLocker recovery backup - Engineering';

interface Styles {
  getComputedStyle(element: unknown): Readonly<Record<string, string>>;
}
/** A computed style of each element. */
const styles = (elements: Locator, property: string) =>
  elements.evaluateAll(
    (all, name) => all.map((each) => (globalThis as unknown as Styles).getComputedStyle(each)[name] ?? ''),
    property,
  );

describeConsole('the people of a script on small screens', {}, (app) => {
  async function openAt(width: number, height: number) {
    const session = await app.openSession();
    const { page, open, selectScript } = session;
    await page.setViewportSize({ width, height });
    await open();
    await selectScript('PowerShell', script);
    await page.getByText('140 people', { exact: true }).waitFor();
    return { ...session, rows: page.locator('[role=rowgroup] [role=row]') };
  }

  /** The number of rows that are in the viewport as a whole. */
  async function visibleRows(page: Page, rows: Locator): Promise<number> {
    const height = page.viewportSize()?.height ?? 0;
    const boxes = await Promise.all((await rows.all()).map((row) => row.boundingBox()));
    return boxes.filter((box) => box !== null && box.y > 0 && box.y + box.height <= height).length;
  }

  const pageWidth = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');

  test('a laptop of 1280 × 768 at 125 % shows ten people, with their whole names', async () => {
    const { page, rows, expectAccessible } = await openAt(1024, 614);
    await expect.poll(() => visibleRows(page, rows)).toBeGreaterThanOrEqual(10);
    const cut = await rows
      .locator('[role=gridcell]:nth-child(2) button')
      .evaluateAll((all) =>
        (all as unknown as { scrollWidth: number; clientWidth: number }[]).filter(
          (each) => each.scrollWidth > each.clientWidth,
        ),
      );
    expect(cut).toEqual([]);
    await expectAccessible();
  });

  test('the summary folds, and stays as the user left it', async () => {
    const { page } = await openAt(1024, 614);
    const summary = page.getByRole('region', { name: 'Summary' });
    const button = summary.getByRole('button', { name: 'Summary' });
    expect(await button.getAttribute('aria-expanded')).toBe('false');
    expect(await summary.getByRole('listitem').allInnerTexts()).toHaveLength(4);
    await button.click();
    await summary.getByRole('img', { name: /^All devices succeeded for/ }).waitFor();
    await page.reload();
    await summary.getByRole('img', { name: /^All devices succeeded for/ }).waitFor();
    expect(await button.getAttribute('aria-expanded')).toBe('true');
  });

  test('at 200 % there are results in sight', async () => {
    const { page, rows, expectAccessible } = await openAt(640, 384);
    await expect.poll(() => visibleRows(page, rows)).toBeGreaterThan(0);
    expect(await pageWidth(page)).toBe(640);
    await expectAccessible();
  });

  test.each([
    [390, 844],
    [320, 640],
  ])('a phone of %d × %d shows names above numbers, and the page does not scroll sideways', async (width, height) => {
    const { page, rows, expectAccessible } = await openAt(width, height);
    expect(await pageWidth(page)).toBe(width);
    const cells = rows.first().getByRole('gridcell');
    const [select, name, succeeded, failed, rate, edit] = await Promise.all(
      (await cells.all()).map(async (cell) => (await cell.boundingBox()) ?? expect.fail()),
    );
    for (const number of [succeeded, failed, rate]) {
      expect(number?.y).toBeGreaterThanOrEqual((name?.y ?? 0) + (name?.height ?? 0) - 1);
    }
    for (const box of [select, name, succeeded, failed, rate, edit]) {
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
    }
    await expectAccessible();
    await cells.getByRole('button').first().click();
    const devices = page.getByRole('dialog').getByRole('table');
    await devices.waitFor();
    const box = await devices.boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
    expect(await devices.getByRole('columnheader').allInnerTexts()).toContain('Last check-in');
    await expectAccessible();
  });

  test.each(['dark', 'light'] as const)(
    'forced colors, %s: one selection, and a legible chart',
    async (colorScheme) => {
      const { page, rows } = await openAt(1440, 900);
      await page.emulateMedia({ forcedColors: 'active', colorScheme });
      const chart = page.getByRole('img', { name: /^All devices succeeded for/ });
      const widths = await styles(chart.locator('circle'), 'strokeWidth');
      expect(new Set(widths).size).toBe(4);
      const canvas = await styles(page.locator('body'), 'backgroundColor');
      const strokes = await styles(chart.locator('circle'), 'stroke');
      expect(strokes.filter((stroke) => canvas.includes(stroke))).toEqual([]);
      const text = await styles(page.getByRole('heading', { level: 1 }), 'color');
      expect(await styles(chart.locator('text').first(), 'fill')).toEqual(text);
      await rows.getByRole('checkbox').nth(2).click();
      const outlines = async () => (await styles(rows, 'outlineStyle')).filter((style) => style !== 'none');
      await expect.poll(outlines).toEqual(['solid']);
    },
  );
});
