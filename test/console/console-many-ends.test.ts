import { afterEach, expect, test } from 'vitest';
import { patches, settledPatches } from '../support/bulk.js';
import { describeInChromium } from '../support/chromium.js';
import { type Site, startSite } from '../support/console.js';
import { changed, download, linesOf, openLong, openShort } from '../support/console-many.js';

/** A service that sends 20 changes in 20 seconds: 19 of them can be of those that are asked for together. */
const slow = { GRAPH_WRITES_PER_20S: '20', GRAPH_DEADLINE_MS: '20000' };

describeInChromium('many corrections that are not made at once', () => {
  let site: Site;
  let close: () => Promise<unknown>;
  async function start(env: Readonly<Record<string, string>>): Promise<void> {
    site = await startSite(env);
    close = () => site.stop();
  }
  afterEach(async () => {
    await close();
    expect(site.complaints).toEqual([]);
  });

  test('where a second administrator approves, each row waits with its code and is sent again by itself', async () => {
    await start({});
    const { page, dialog, press, heading, failures, selectAll, expectAccessible } = await openShort(site);
    await site.simulator.settings({ approval: true });
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
    await page.getByText('2 of 8 people').waitFor();
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('8801');
    await press('Start');
    expect(await heading(/changed/)).toBe('0 changed, 2 failed');
    await press('Retry failed');
    await dialog.getByText('Say why these changes are needed.').waitFor();
    await expectAccessible();
    await dialog.getByLabel('Justification').fill('Because of réasons');
    await site.simulator.reset();
    await press('Retry failed');
    expect(await heading(/waiting/)).toBe('0 changed, 2 waiting for approval');
    await expectAccessible();
    expect(await dialog.getByRole('button', { name: 'Retry failed' }).count()).toBe(0);
    const sent = await patches(site.simulator);
    const justification = Buffer.from('Because of réasons').toString('base64');
    expect(sent.map(({ approval }) => approval)).toEqual([
      { justification, code: null },
      { justification, code: null },
    ]);
    const codes = (await failures()).map(([name = '', words = '']) => [name, /Approval code: (\S+)/.exec(words)?.[1]]);
    expect(new Set(codes.map(([, code]) => code)).size).toBe(2);
    await press('Close');

    for (const [name = '', code = ''] of codes) {
      await page.getByRole('button', { name: `Edit ${name}` }).click();
      await dialog.getByText('This change waits for a second administrator').waitFor();
      expect(await dialog.innerText()).toContain(`Approval code: ${code}`);
      expect(await dialog.getByLabel('Devices failed').inputValue()).toBe('8801');
      await expectAccessible();
      await site.simulator.reset();
      await site.simulator.approve(code);
      await press('Send again');
      await page.getByText(`Saved: ${name}`).first().waitFor();
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('row', { name }).getByText('8,801').waitFor();
      const [{ approval, applied } = expect.fail('nothing was sent'), ...more] = await patches(site.simulator);
      expect([approval.code, applied, more]).toEqual([code, true, []]);
    }
  });

  test('what is cancelled is not sent any more, and what is called changed is there', async () => {
    await start(slow);
    const { page, dialog, press, heading, failures, selectAll, expectAccessible } = await openLong(site);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('9901');
    await site.simulator.fault({ fault: 'rejected', method: 'PATCH' });
    await press('Start');
    await dialog.getByText('19 of 140 · 18 done · 1 failed', { exact: true }).waitFor();
    expect(await dialog.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('19');
    // A run that is under way is not closed by a key.
    await page.keyboard.press('Escape');
    await heading('Sending 140 changes');
    await expectAccessible();
    await press('Cancel');
    expect(await heading(/changed/)).toBe('18 changed, 1 failed, 121 with an unknown outcome');
    await dialog.getByText('You cancelled.').waitFor();
    await expectAccessible();
    // Each of the others is given up by the service, and never comes to Graph.
    await expect.poll(() => site.service.lines({ log: 'audit', reason: 'CLIENT_CLOSED' }).length).toBe(121);
    expect(site.service.lines({ log: 'audit' })).toHaveLength(140);
    expect(await settledPatches(site.simulator)).toBe(19);
    expect(await failures()).toHaveLength(122);
    const kept = linesOf((await download(page, 'Download failures')).text).map((line) => line['userStateId'] ?? '');
    const there = await changed(site.simulator);
    expect([there.size, new Set(kept).size, kept.filter((id) => there.has(id))]).toEqual([18, 122, []]);
  });

  test('when the service is stopped, the report says what was done and what was not', async () => {
    await start(slow);
    const { context, dialog, press, heading, failures, selectAll, expectAccessible } = await openLong(site);
    await selectAll();
    await dialog.getByLabel('Devices failed').fill('9902');
    await press('Start');
    await dialog.getByText('19 of 140 · 19 done · 0 failed', { exact: true }).waitFor();
    expect((await changed(site.simulator)).size).toBe(19);
    close = async () => context.browser()?.close();
    await site.service.stop();
    expect(await heading(/changed/)).toBe('19 changed, 121 failed');
    const rows = await failures();
    expect(rows.filter(([, words]) => words?.includes('Nothing was sent.'))).toHaveLength(121);
    expect(site.service.lines({ log: 'audit', outcome: 'applied' })).toHaveLength(19);
    expect(site.service.lines({ log: 'audit', reason: 'OVERLOADED' })).toHaveLength(121);
    await expectAccessible();
  });
});
