import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { type EditSession, edit, expectFailure } from '../support/console-edit.js';
import { patches } from '../support/journal.js';

const justification = 'The counts are from before the repair.';
/** In the encoding of Graph's header. */
const encodedJustification = Buffer.from(justification).toString('base64');
const pending = [
  'A second administrator must approve',
  'Give them the approval code. After they approve, send the change again from here.',
];

describeConsole('the console, when changes require approval', {}, (app) => {
  /** Sends the change with a justification. @returns the approval code */
  async function requestApproval({ dialog, click }: EditSession): Promise<string> {
    await click('Save');
    await dialog.getByRole('textbox', { name: 'Justification' }).fill(justification);
    await click('Send again');
    await dialog.getByText(pending[0] ?? '').waitFor();
    return codeIn(dialog);
  }
  const codeIn = async (dialog: EditSession['dialog']) =>
    /Approval code: (\S+)/.exec((await dialog.getByText(/^Approval code: /).textContent()) ?? '')?.[1] ??
    expect.fail('no code');

  test('requires a justification, shows the approval code, and sends the change again after the approval', async () => {
    await app.simulator.settings({ approval: true });
    const session = await edit(await app.openSession());
    const { page, context, dialog, field, before, typed, click, rowShows, saves } = session;
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await click('Save');
    await expectFailure(
      app,
      dialog,
      'APPROVAL_JUSTIFICATION_REQUIRED',
      'A justification is required',
      'Explain why the change is needed, then send it again.',
    );
    await rowShows(before);
    await session.expectAccessible();

    await dialog.getByRole('textbox', { name: 'Justification' }).fill(justification);
    await click('Send again');
    await expectFailure(app, dialog, 'APPROVAL_PENDING', ...pending);
    await rowShows(before);
    expect(await field.inputValue()).toBe(typed);
    await session.expectAccessible();
    const code = await codeIn(dialog);
    await dialog.getByRole('button', { name: 'Copy Approval code' }).click();
    await expect.poll(() => page.evaluate<string>('navigator.clipboard.readText()')).toBe(code);

    // Not approved yet.
    await click('Send again');
    await expect.poll(async () => (await patches(app.simulator)).length).toBe(3);
    await dialog.getByText('Saving').waitFor({ state: 'detached' });
    expect(await codeIn(dialog)).toBe(code);
    await app.simulator.approve(code);
    await saves('Send again');
    expect((await patches(app.simulator)).map(({ status, approval }) => [status, approval])).toEqual([
      [400, { justification: null, code: null }],
      [412, { justification: encodedJustification, code: null }],
      // The code replaces the justification: with both, Graph would file the change again.
      [412, { justification: null, code }],
      [200, { justification: null, code }],
    ]);
  });

  test('a change that awaits approval is shown when its dialog is opened again', async () => {
    await app.simulator.settings({ approval: true });
    const session = await edit(await app.openSession());
    const { row, dialog, field, before, typed, click, rowShows, saves } = session;
    const code = await requestApproval(session);
    await click('Cancel');
    await dialog.waitFor({ state: 'detached' });
    await rowShows(before);
    await row.getByRole('button', { name: 'Edit' }).click();
    await dialog.getByText('This change is waiting for approval').waitFor();
    expect(await codeIn(dialog)).toBe(code);
    expect(await field.inputValue()).toBe(typed);
    expect(await dialog.getByRole('textbox').count()).toBe(3);
    for (const each of await dialog.getByRole('textbox').all()) expect(await each.isDisabled()).toBe(true);
    await session.expectAccessible();
    await app.simulator.approve(code);
    await saves('Send again');

    await row.getByRole('button', { name: 'Edit' }).click();
    await field.waitFor();
    expect(await field.isEnabled()).toBe(true);
    expect(await dialog.getByText(/Approval code/).count()).toBe(0);
  });

  test('a change that awaits approval can be discarded for another one', async () => {
    await app.simulator.settings({ approval: true });
    const session = await edit(await app.openSession());
    const { dialog, field, before, click, saves, typed } = session;
    const code = await requestApproval(session);
    expect(await field.isDisabled()).toBe(true);
    await click('Discard and start over');
    await expect.poll(() => field.isEnabled()).toBe(true);
    expect(await dialog.getByText(code).count()).toBe(0);
    await field.fill(before);
    expect(await dialog.getByRole('button', { name: /Save|Send again/ }).getAttribute('aria-disabled')).toBe('true');
    await field.fill(typed);
    await session.expectAccessible();
    await app.simulator.settings({ approval: false });
    await saves('Save');
    expect((await patches(app.simulator)).at(-1)?.approval.code).toBeNull();
  });

  test('an approved change that was found to be applied no longer awaits approval', async () => {
    await app.simulator.settings({ approval: true });
    const session = await edit(await app.openSession());
    const { row, dialog, field, typed, click, rowShows } = session;
    await app.simulator.approve(await requestApproval(session));
    await app.simulator.fault(
      { fault: 'stall-applied', method: 'PATCH', times: 'always' },
      { fault: 'stall', method: 'GET', times: 'always' },
    );
    await click('Send again');
    await expectFailure(app, dialog, 'OUTCOME_UNKNOWN', 'The outcome is unknown');
    await app.simulator.reset();
    await click('Check again');
    await dialog.getByText('The change was applied').waitFor();
    await rowShows(typed);
    await session.expectAccessible();
    await click('Close');
    await row.getByRole('button', { name: 'Edit' }).click();
    await field.waitFor();
    expect(await field.isEnabled()).toBe(true);
    expect(await dialog.getByText(/Approval code/).count()).toBe(0);
  });

  test('a change that was filed elsewhere is completed with a typed code', async () => {
    await app.simulator.settings({ approval: true });
    const first = await edit(await app.openSession());
    const code = await requestApproval(first);
    const { page, dialog, click, field, typed, expectAccessible } = await edit(await app.openSession());
    await click('Save');
    await dialog.getByRole('textbox', { name: 'Justification' }).fill(justification);
    await click('Send again');
    await dialog.getByText('This change was already filed for approval').waitFor();
    expect(await dialog.getByText(/Approval code: /).count()).toBe(0);
    expect(await field.isEnabled()).toBe(true);
    await expectAccessible();

    const codeField = dialog.getByRole('textbox', { name: 'Code of an approved request' });
    await codeField.fill('00000000-0000-4000-8000-000000000000');
    expect(await dialog.getByRole('textbox', { name: 'Justification' }).isDisabled()).toBe(true);
    await click('Send again');
    await dialog.getByText('Microsoft Graph did not accept the approval code').waitFor();
    await app.simulator.approve(code);
    await codeField.fill(` ${code} `);
    expect(await field.inputValue()).toBe(typed);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    expect((await patches(app.simulator)).slice(2).map(({ status, approval }) => [status, approval])).toEqual([
      [400, { justification: null, code: null }],
      [409, { justification: encodedJustification, code: null }],
      [403, { justification: null, code: '00000000-0000-4000-8000-000000000000' }],
      [200, { justification: null, code }],
    ]);
  });
});
