import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../support/chromium.js';
import { type Site, startSite } from '../support/console.js';
import { type Editing, edit, expectFailure } from '../support/console-faults.js';

const justification = 'The counts are from before the repair.';
/** As Graph wants it in a header. */
const sent = Buffer.from(justification).toString('base64');
const pending = [
  'A second administrator has to approve',
  'Give them the code. Once it is approved, send the change again from here.',
];

describeInChromium('the console, when changes need approval', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterEach(async () => {
    await site.simulator.settings({ approval: false });
    await site.simulator.reset();
    expect(site.complaints).toEqual([]);
  });
  afterAll(() => site.stop());

  const writes = async () => (await site.simulator.journal()).filter(({ method }) => method === 'PATCH');

  /** Sends what is typed with a justification. @returns the code that is shown then */
  async function queue({ dialog, click }: Editing): Promise<string> {
    await click('Save');
    await dialog.getByLabel('Justification').fill(justification);
    await click('Send again');
    await dialog.getByText(pending[0] ?? '').waitFor();
    return codeIn(dialog);
  }
  const codeIn = async (dialog: Editing['dialog']) =>
    /Approval code: (\S+)/.exec((await dialog.getByText(/^Approval code: /).textContent()) ?? '')?.[1] ??
    expect.fail('no code');

  test('asks for a reason, shows the code, and sends the change again once it is approved', async () => {
    await site.simulator.settings({ approval: true });
    const desk = await edit(await site.desk());
    const { page, context, dialog, field, before, typed, click, shows, saves } = desk;
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await click('Save');
    await expectFailure(
      site,
      dialog,
      'APPROVAL_JUSTIFICATION_REQUIRED',
      'A reason is needed',
      'Say why this change is needed, and send it with that.',
    );
    await shows(before);
    await desk.expectAccessible();

    await dialog.getByLabel('Justification').fill(justification);
    await click('Send again');
    await expectFailure(site, dialog, 'APPROVAL_PENDING', ...pending);
    await shows(before);
    expect(await field.inputValue()).toBe(typed);
    await desk.expectAccessible();
    const code = await codeIn(dialog);
    await dialog.getByRole('button', { name: 'Copy the approval code' }).click();
    await expect.poll(() => page.evaluate<string>('navigator.clipboard.readText()')).toBe(code);

    // Nobody has approved it yet.
    await click('Send again');
    await expect.poll(async () => (await writes()).length).toBe(3);
    await dialog.getByText('Saving').waitFor({ state: 'detached' });
    expect(await codeIn(dialog)).toBe(code);
    await site.simulator.approve(code);
    await saves('Send again');
    expect((await writes()).map(({ status, approval }) => [status, approval])).toEqual([
      [400, { justification: null, code: null }],
      [412, { justification: sent, code: null }],
      [412, { justification: sent, code }],
      [200, { justification: sent, code }],
    ]);
  });

  test('what waits is still there when its dialog is opened again', async () => {
    await site.simulator.settings({ approval: true });
    const desk = await edit(await site.desk());
    const { row, dialog, field, before, typed, click, shows, saves } = desk;
    const code = await queue(desk);
    await click('Cancel');
    await dialog.waitFor({ state: 'detached' });
    await shows(before);
    await row.getByRole('button', { name: 'Edit' }).click();
    await dialog.getByText('This change waits for a second administrator').waitFor();
    expect(await codeIn(dialog)).toBe(code);
    expect(await field.inputValue()).toBe(typed);
    expect(await dialog.getByRole('textbox').count()).toBe(3);
    for (const each of await dialog.getByRole('textbox').all()) expect(await each.isDisabled()).toBe(true);
    await desk.expectAccessible();
    await site.simulator.approve(code);
    await saves('Send again');

    await row.getByRole('button', { name: 'Edit' }).click();
    await field.waitFor();
    expect(await field.isEnabled()).toBe(true);
    expect(await dialog.getByText(/Approval code/).count()).toBe(0);
  });

  test('what waits can be given up for another change', async () => {
    await site.simulator.settings({ approval: true });
    const desk = await edit(await site.desk());
    const { dialog, field, before, click, saves, typed } = desk;
    const code = await queue(desk);
    expect(await field.isDisabled()).toBe(true);
    await click('Start anew');
    await expect.poll(() => field.isEnabled()).toBe(true);
    expect(await dialog.getByText(code).count()).toBe(0);
    await field.fill(before);
    expect(await dialog.getByRole('button', { name: /Save|Send again/ }).getAttribute('aria-disabled')).toBe('true');
    await field.fill(typed);
    await desk.expectAccessible();
    await site.simulator.settings({ approval: false });
    await saves('Save');
    expect((await writes()).at(-1)?.approval.code).toBeNull();
  });

  test('an approved change that was found to be there waits no longer', async () => {
    await site.simulator.settings({ approval: true });
    const desk = await edit(await site.desk());
    const { row, dialog, field, typed, click, shows } = desk;
    await site.simulator.approve(await queue(desk));
    await site.simulator.fault(
      { fault: 'stall-applied', method: 'PATCH', times: 'always' },
      { fault: 'stall', method: 'GET', times: 'always' },
    );
    await click('Send again');
    await expectFailure(site, dialog, 'OUTCOME_UNKNOWN', 'It is not known whether the change was made');
    await site.simulator.reset();
    await click('Look again');
    await dialog.getByText('The change is there').waitFor();
    await shows(typed);
    await desk.expectAccessible();
    await click('Close');
    await row.getByRole('button', { name: 'Edit' }).click();
    await field.waitFor();
    expect(await field.isEnabled()).toBe(true);
    expect(await dialog.getByText(/Approval code/).count()).toBe(0);
  });
});
