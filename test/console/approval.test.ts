import { afterEach, expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { cancelWaitingJobs } from '../support/console-bulk.js';
import { type EditSession, edit, expectFailure, rowOf, script } from '../support/console-edit.js';
import { patches } from '../support/journal.js';

const justification = 'The counts are from before the repair.';
/** In the encoding of Graph's header. */
const encodedJustification = Buffer.from(justification).toString('base64');
const waiting = 'This change is waiting for approval';

describeConsole('the console, when changes require approval', {}, (app) => {
  afterEach(() => cancelWaitingJobs(app.service));

  /** Sends the change with a justification. @returns the approval code */
  async function requestApproval({ dialog, click }: EditSession): Promise<string> {
    await click('Save');
    await dialog.getByRole('textbox', { name: 'Justification' }).fill(justification);
    await click('Send again');
    await dialog.getByText(waiting).waitFor();
    return codeIn(dialog);
  }
  const codeIn = async (dialog: EditSession['dialog']) =>
    /Approval code: (\S+)/.exec((await dialog.getByText(/^Approval code: /).textContent()) ?? '')?.[1] ??
    expect.fail('no code');
  const sent = async () => (await patches(app.simulator)).map(({ status, approval }) => [status, approval]);

  test('files the change with a justification, shows the approval code, and completes it after the approval', async () => {
    await app.simulator.settings({ approval: true });
    const session = await edit(await app.openSession());
    const { page, context, row, dialog, field, before, typed, click, rowShows, saves } = session;
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
    await dialog.getByText(waiting).waitFor();
    await row.getByText('waiting for approval').waitFor();
    await rowShows(before);
    expect(await field.inputValue()).toBe(typed);
    expect(await dialog.getByRole('textbox').count()).toBe(3);
    for (const each of await dialog.getByRole('textbox').all()) expect(await each.isDisabled()).toBe(true);
    await session.expectAccessible();
    const code = await codeIn(dialog);
    await dialog.getByRole('button', { name: 'Copy Approval code' }).click();
    await expect.poll(() => page.evaluate<string>('navigator.clipboard.readText()')).toBe(code);

    // Not approved yet.
    await click('Complete approved change');
    await dialog.getByText('Saving').waitFor({ state: 'detached' });
    await dialog.getByText(waiting).waitFor();
    expect(await codeIn(dialog)).toBe(code);
    await app.simulator.approve(code);
    await saves('Complete approved change');
    await row.getByText('waiting for approval').waitFor({ state: 'detached' });
    const [first, second, ...more] = await sent();
    expect(first).toEqual([400, { justification: null, code: null }]);
    expect(second).toEqual([412, { justification: encodedJustification, code: null }]);
    expect(more.at(-1)).toEqual([200, { justification: null, code }]);
    // The code replaces the justification: with both, Graph would file the change again.
    for (const [, approval] of more) expect(approval).toEqual({ justification: null, code });
  });

  test('a change that waits for approval outlives the page, and a reload never files it again', async () => {
    await app.simulator.settings({ approval: true });
    const session = await edit(await app.openSession());
    const { page, row, dialog, field, before, typed, click, rowShows, saves } = session;
    const code = await requestApproval(session);
    await click('Close');
    await dialog.waitFor({ state: 'detached' });
    await row.getByText('waiting for approval').waitFor();
    await page.reload();
    await row.getByText('waiting for approval').waitFor();
    await rowShows(before);
    await row.getByRole('button', { name: 'Edit' }).click();
    await dialog.getByText(waiting).waitFor();
    expect(await codeIn(dialog)).toBe(code);
    await expect.poll(() => field.inputValue()).toBe(typed);
    expect(await field.isDisabled()).toBe(true);
    await session.expectAccessible();
    expect(await sent()).toHaveLength(2);
    await app.simulator.approve(code);
    await saves('Complete approved change');

    await row.getByRole('button', { name: 'Edit' }).click();
    await field.waitFor();
    await expect.poll(() => field.isEnabled()).toBe(true);
    expect(await dialog.getByText(/Approval code/).count()).toBe(0);
  });

  test('another person sees that a change waits, and it is completed from there with its own code', async () => {
    await app.simulator.settings({ approval: true });
    const code = await requestApproval(await edit(await app.openSession()));
    const other = await app.openSession();
    await other.open();
    await other.selectScript('PowerShell', 'Clean up temp folders - Kiosks');
    const row = other.page.locator('[role=row]', { hasText: 'amir.zielinski' });
    await row.getByText('waiting for approval').waitFor();
    await row.getByRole('button', { name: 'Edit' }).click();
    const dialog = other.page.getByRole('dialog');
    await dialog.getByText(waiting).waitFor();
    expect(await codeIn(dialog)).toBe(code);
    await app.simulator.approve(code);
    await dialog.getByRole('button', { name: 'Complete approved change' }).click();
    await other.expectToast('Saved: amir.zielinski');
    expect((await sent()).at(-1)).toEqual([200, { justification: null, code }]);
  });

  test('a list shows a change that was completed between two requests of its page', async () => {
    const { client } = app.service;
    await app.simulator.settings({ approval: true });
    const filing = await edit(await app.openSession());
    await filing.field.fill('885');
    const code = await requestApproval(filing);
    const other = await app.openSession();
    await other.page.clock.install();
    await other.open();
    await other.selectScript('PowerShell', script);
    const row = rowOf(other.page);
    await row.getByText('waiting for approval').waitFor();
    await app.simulator.approve(code);
    const { items } = await client.updateJob.list.query({});
    const { jobId } = items.find(({ state }) => state === 'waiting-for-approval') ?? expect.fail('no job');
    await client.updateJob.resume.mutate({ jobId });
    await expect.poll(async () => (await client.updateJob.get.query({ jobId })).state).toBe('done');
    await other.page.clock.fastForward('00:31');
    await row.getByText('waiting for approval').waitFor({ state: 'detached' });
    await row.getByText('885', { exact: true }).waitFor();
  });

  test('a change that waits for approval can be discarded for another one', async () => {
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

  test('a lost response to the start of a job does not file the change twice', async () => {
    await app.simulator.settings({ approval: true });
    const session = await edit(await app.openSession());
    const { page, dialog, click } = session;
    await click('Save');
    await dialog.getByRole('textbox', { name: 'Justification' }).fill(justification);
    let lost = 0;
    await page.route(
      ({ pathname }) => pathname === '/trpc/updateJob.start',
      async (route) => {
        if (lost > 0) return route.continue();
        lost++;
        // The service receives the call, but the page never gets its response.
        await route.fetch();
        return route.abort('connectionreset');
      },
    );
    await click('Send again');
    await dialog.getByText(waiting).waitFor();
    expect(lost).toBe(1);
    const { items } = await app.service.client.updateJob.list.query({});
    expect(items.filter(({ state }) => state === 'waiting-for-approval').map(({ total }) => total)).toEqual([1]);
    expect((await sent()).filter(([status]) => status !== 400)).toHaveLength(1);
    await click('Discard and start over');
    await dialog.getByText(waiting).waitFor({ state: 'detached' });
  });
});
