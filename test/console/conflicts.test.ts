import { expect, test } from 'vitest';
import { describeConsole } from '../support/console.js';
import { edit } from '../support/console-edit.js';
import { patches } from '../support/journal.js';

describeConsole('the console, when somebody else changes a state', {}, (app) => {
  /** Changes the state that is edited, as another administrator. */
  async function changeElsewhere(scriptId: string, patch: { successDeviceCount?: number; errorDeviceCount?: number }) {
    const { scriptUserState } = app.service.client;
    const target = { scriptKind: 'deviceManagementScript', scriptId } as const;
    const { items } = await scriptUserState.list.query(target);
    const [state] = items.filter(({ userPrincipalName }) => userPrincipalName?.startsWith('amir.zielinski'));
    return scriptUserState.update.mutate({ ...target, userStateId: state?.id ?? '', patch });
  }

  test('a change is not made over new values: what was typed is kept, and can be applied to them', async () => {
    const session = await edit(await app.openSession());
    const { row, dialog, field, before, typed, click, saves } = session;
    await changeElsewhere(session.scriptId(), { successDeviceCount: 4711 });
    await app.simulator.reset();
    await click('Save');
    await dialog.getByText('Somebody changed this while you were editing').waitFor();
    await dialog.getByText(/Devices succeeded \d+ → 4,711/).waitFor();
    expect(await patches(app.simulator)).toEqual([]);
    expect(await field.inputValue()).toBe(typed);
    await expect.poll(() => dialog.getByLabel('Devices succeeded').inputValue()).toBe('4711');
    await row.getByText('4,711').waitFor();
    await row.getByText(before, { exact: true }).waitFor();
    await session.expectAccessible();
    await saves('Apply to the new values');
    const bodies = (await patches(app.simulator)).map(({ body }) => body);
    expect(bodies).toEqual([expect.objectContaining({ errorDeviceCount: Number(typed) })]);
    expect(bodies[0]).not.toHaveProperty('successDeviceCount');
    await row.getByText('4,711').waitFor();
  });

  test('a dialog shows the current values, although the list is old', async () => {
    const session = await edit(await app.openSession());
    const { page, row, dialog, field, click } = session;
    await click('Cancel');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await changeElsewhere(session.scriptId(), { successDeviceCount: 4712, errorDeviceCount: 31 });
    await row.getByRole('button', { name: 'Edit' }).click();
    await dialog.getByText('Somebody has changed this since the list was loaded').waitFor();
    await expect.poll(() => field.inputValue()).toBe('31');
    expect(await dialog.getByLabel('Devices succeeded').inputValue()).toBe('4712');
    await row.getByText('4,712').waitFor();
    await session.expectAccessible();
  });
});
