import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from './support/chromium.js';
import { type Site, startSite } from './support/console.js';
import { edit, expectFailure } from './support/console-faults.js';

describeInChromium('the console, when nobody knows whether a change was made', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterEach(async () => {
    await site.simulator.reset();
    expect(site.complaints).toEqual([]);
  });
  afterAll(() => site.stop());

  const unknown = [
    'It is not known whether the change was made',
    'Look again before you send it once more: it may be there already.',
  ];

  test.each(['stall-applied', 'reset-applied'] as const)('nobody knows, and the change is there: %s', async (fault) => {
    const desk = await edit(await site.desk());
    const { dialog, before, typed, click, shows } = desk;
    await site.simulator.fault(
      { fault, method: 'PATCH', times: 'always' },
      { fault: 'stall', method: 'GET', times: 'always' },
    );
    await click('Save');
    if (fault === 'stall-applied') await shows(typed);
    await expectFailure(site, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await shows(before);
    expect(await dialog.getByRole('button', { name: /Save|Send/ }).count()).toBe(0);
    await desk.expectAccessible();

    await click('Look again');
    await expectFailure(site, dialog, 'GRAPH_TIMEOUT', 'Microsoft Graph did not answer in time');
    await desk.expectAccessible();
    await site.simulator.reset();
    await click('Look again');
    await dialog.getByText('The change is there').waitFor();
    await dialog.getByText(`${typed} failed. Nothing is left to do.`).waitFor();
    await shows(typed);
    expect((await site.simulator.journal()).filter(({ method }) => method === 'PATCH')).toEqual([]);
    await desk.expectAccessible();
    await click('Close');
    await dialog.waitFor({ state: 'detached' });
    await shows(typed);
  });

  test.each(['stall', 'reset'] as const)('nobody knows, and the change is not there: %s', async (fault) => {
    const desk = await edit(await site.desk());
    const { dialog, before, click, shows, saves } = desk;
    await site.simulator.fault({ fault, method: 'PATCH', times: 'always' });
    await click('Save');
    await expectFailure(site, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await site.simulator.reset();
    await click('Look again');
    await dialog.getByText('The change is not there').waitFor();
    await dialog.getByText(`${before} failed. It may still arrive; you can send it again.`).waitFor();
    await shows(before);
    await desk.expectAccessible();
    await saves('Send again');
  });

  test('what was found is what a later refusal goes back to', async () => {
    const desk = await edit(await site.desk());
    const { dialog, field, typed, click, shows } = desk;
    await site.simulator.fault(
      { fault: 'reset-applied', method: 'PATCH' },
      { fault: 'rejected', method: 'PATCH', times: 'always' },
      { fault: 'stall', method: 'GET', times: 'always' },
    );
    await click('Save');
    await expectFailure(site, dialog, 'OUTCOME_UNKNOWN', ...unknown);
    await site.simulator.reset();
    await click('Look again');
    await dialog.getByText('The change is there').waitFor();
    await site.simulator.fault({ fault: 'rejected', method: 'PATCH' });
    await field.fill('999');
    await click('Send again');
    await expectFailure(site, dialog, 'GRAPH_REJECTED', 'Microsoft Graph refused the values');
    await shows(typed);
  });
});
