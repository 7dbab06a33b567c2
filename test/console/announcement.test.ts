import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../support/chromium.js';
import { startConsole, type TestConsole } from '../support/console.js';
import { type PeopleGraph, peopleScriptId, startPeopleGraph } from '../support/people-graph.js';
import { liveSettings } from '../support/service.js';

/** Runs in the page. Records each text about people that a status gets. */
const recordAnnouncements = `
  globalThis.announcements = [];
  new MutationObserver((records) => {
    for (const { target } of records) {
      const status = (target.nodeType === 1 ? target : target.parentElement)?.closest('[role=status]');
      if (status && /people/.test(status.textContent)) announcements.push(status.textContent);
    }
  }).observe(document, { childList: true, characterData: true, subtree: true });
`;

describeInChromium('announcements to screen readers', () => {
  let graph: PeopleGraph;
  let app: TestConsole;
  beforeAll(async () => {
    graph = await startPeopleGraph({ people: 5_000 });
    app = await startConsole(liveSettings({ baseUrl: graph.baseUrl }));
  });
  afterAll(async () => {
    await app.stop();
    graph.close();
  });

  test('progress is announced every five seconds at most, with its latest state, and the end at once', async () => {
    const { page, open } = await app.openSession();
    const announced = () => page.evaluate<readonly string[]>('announcements');
    /** The counts that a screen reader finds. */
    const readable = async () =>
      (await page.getByRole('tabpanel', { name: 'People' }).ariaSnapshot()).match(/[\d,]+ people(?: so far)?/g);
    const now = () => page.evaluate<number>('Date.now()');
    /** Advances the time of the page, which otherwise stands still. */
    const advanceTo = async (time: number) => page.clock.runFor(time - (await now()));
    /** Waits for a text. Meanwhile, the timers of the page that have no delay run. */
    const shows = (text: string) =>
      expect
        .poll(() => page.clock.runFor(1).then(() => page.getByText(text, { exact: true }).count()), {
          interval: 20,
          timeout: 60_000,
        })
        .toBe(1);
    /** The pages of the list after the first one, which wait until they are released. */
    const waiting: (() => void)[] = [];
    const releasePage = async () => {
      await expect.poll(() => page.clock.runFor(1).then(() => waiting.length), { timeout: 60_000 }).toBe(1);
      waiting.pop()?.();
    };
    await page.route(/\/trpc\/.*scriptUserState\.list/, async (route) => {
      if (route.request().postData()?.includes('cursor') === true) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
      await route.continue();
    });

    await page.clock.install({ time: '2026-03-02T08:00:00Z' });
    await page.clock.pauseAt('2026-03-02T09:00:00Z');
    await page.addInitScript(recordAnnouncements);
    await open(`/scripts/deviceManagementScript/${peopleScriptId}`);
    await shows('1,000 people so far');
    const start = await now();
    await advanceTo(start + 4_000);
    expect(await announced()).toEqual([]);
    // Nothing has been announced, but the text can be read.
    expect(await readable()).toEqual(['1,000 people so far']);
    await advanceTo(start + 5_500);
    expect(await announced()).toEqual(['Loading: 1,000 people so far']);

    // Two pages arrive within five seconds: the second one is announced.
    const first = await now();
    await releasePage();
    await shows('2,000 people so far');
    await releasePage();
    await shows('3,000 people so far');
    await advanceTo(first + 4_000);
    expect(await announced()).toHaveLength(1);
    await advanceTo(first + 5_500);
    expect((await announced()).slice(1)).toEqual(['Loading: 3,000 people so far']);

    // The end does not wait for five seconds to pass.
    const second = await now();
    await releasePage();
    await shows('4,000 people so far');
    await releasePage();
    await shows('5,000 people');
    await advanceTo(second + 3_000);
    expect((await announced()).slice(2)).toEqual([expect.stringMatching(/^5,000 people\. Last refreshed at /)]);
    expect(await readable()).toEqual(['5,000 people', '5,000 people']);
    // After the announcement, a screen reader finds the count once.
    await advanceTo(second + 10_000);
    expect(await readable()).toEqual(['5,000 people']);
    expect(await announced()).toHaveLength(3);
  });
});
