import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { openShort } from '../support/console-bulk.js';

const tooltip = '[role=tooltip]';

describeConsole('the Escape key', {}, (app) => {
  test('closes a dialog at once, although the tooltip of its button was visible', async () => {
    const { page, dialog } = await openShort(app);
    // The button has a tooltip. With its code loaded, the dialog appears while the tooltip is still there.
    const button = page.getByRole('button', { name: 'Import CSV' });
    await button.click();
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    for (let attempt = 0; attempt < 5; attempt++) {
      await page.mouse.move(0, 0);
      await page.locator(tooltip).waitFor({ state: 'detached' });
      await button.hover();
      await page.locator(tooltip).waitFor();
      // Presses the key in the task that follows the appearance of the dialog, as no user could.
      await page.evaluate(`
        new MutationObserver((records, observer) => {
          if (document.querySelector('[role=dialog]') === null) return;
          observer.disconnect();
          const press = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true });
          setTimeout(() => document.activeElement.dispatchEvent(press));
        }).observe(document.body, { childList: true, subtree: true });
      `);
      await page.mouse.down();
      await page.mouse.up();
      await dialog.waitFor({ state: 'detached' });
      expect(await page.locator(tooltip).count()).toBe(0);
    }
  });

  test('cancels the opening of a dialog whose code is still loading', async () => {
    const { page, dialog } = await openShort(app);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const requested = page.waitForRequest(/bulk-dialog/);
    await page.route(/bulk-dialog/, async (route) => {
      await released;
      await route.continue();
    });
    const button = page.getByRole('button', { name: 'Import CSV' });
    await button.click();
    await requested;
    await page.keyboard.press('Escape');
    const loaded = page.waitForResponse(/bulk-dialog/);
    release();
    await (await loaded).finished();
    expect(await dialog.count()).toBe(0);
    await button.click();
    await dialog.getByRole('button', { name: 'Choose file' }).waitFor();
  });
});
