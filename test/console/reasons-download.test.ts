import { expect, test } from 'vitest';
import { failureReasons } from '../../src/console/states/failure-reasons.js';
import { formatUserStates } from '../../src/console/states/states-csv.js';
import type { RouterOutputs } from '../../src/contract.js';
import { describeConsole } from '../support/console.js';
import { download, openLong, openShort, parseCsv } from '../support/console-bulk.js';

type DeviceRunState = RouterOutputs['deviceRunState']['listForScript']['items'][number];
const scriptKind = 'deviceManagementScript';
const button = 'Download with reasons';
const hasFailed = ({ runState }: DeviceRunState) => runState === 'fail' || runState === 'scriptError';

describeConsole('the download of people with the reasons of their failures', {}, (app) => {
  /** All failures of a script, by the person whose device failed. */
  async function failuresByPerson(scriptId: string): Promise<ReadonlyMap<string, readonly DeviceRunState[]>> {
    const all: DeviceRunState[] = [];
    let cursor: string | undefined;
    do {
      // oxlint-disable-next-line no-await-in-loop -- each page has the cursor of the next one
      const page = await app.service.client.deviceRunState.listForScript.query({ scriptKind, scriptId, cursor });
      all.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    const failures = new Map<string, DeviceRunState[]>();
    for (const state of all.filter(hasFailed)) {
      const name = state.device?.userPrincipalName ?? '';
      failures.set(name, [...(failures.get(name) ?? []), state]);
    }
    return failures;
  }

  test('has the failed devices and the reasons of each person, and can be imported', async () => {
    const { page, scriptId, dialog, press, expectAccessible } = await openLong(app);
    const { name, text } = await download(page, button);
    expect(name).toBe(`states-${scriptId()}-reasons.csv`);
    const failures = await failuresByPerson(scriptId());
    const lines = parseCsv(text);
    expect(lines).toHaveLength(140);
    for (const line of lines) {
      const failed = failures.get(line['userPrincipalName'] ?? '') ?? [];
      expect(line['errorDeviceCount']).toBe(String(failed.length));
      expect(new Set(line['failedDevices']?.split('; ').filter(Boolean))).toEqual(
        new Set(failed.map(({ device }) => device?.deviceName)),
      );
      for (const { errorDescription } of failed) expect(line['reasons']).toContain(errorDescription);
      expect(line['reasons'] === '').toBe(failed.length === 0);
    }
    expect(failures.size).toBeGreaterThan(10);
    await expectAccessible();
    await page.getByRole('button', { name: 'Import CSV' }).click();
    await dialog.getByLabel('CSV lines').fill(text.slice(1));
    await press('Preview changes');
    await dialog.getByText('Ignored columns: scriptName, outcome, change, failedDevices, reasons.').waitFor();
  });

  test('says that the reasons are loading, starts by itself, and asks for them once', async () => {
    const session = await openShort(app);
    const { page, holdCalls, expectAccessible } = session;
    const release = await holdCalls('deviceRunState.listForScript');
    const requests: string[] = [];
    page.on('request', (request) => request.url().includes('listForScript') && requests.push(request.url()));
    const press = page.getByRole('button', { name: button });
    const file = page.waitForEvent('download');
    await press.click();
    await page.getByText('Loading the reasons: 0 devices so far', { exact: true }).first().waitFor();
    expect(await press.getAttribute('aria-disabled')).toBe('true');
    await expectAccessible();
    release();
    await file;
    await page
      .getByText(/^Loading the reasons/)
      .first()
      .waitFor({ state: 'detached' });
    expect(await press.getAttribute('aria-disabled')).toBeNull();
    // The list of devices is still as new as that of the people.
    await download(page, button);
    expect(requests).toHaveLength(1);
    const listed = page.waitForResponse(/scriptUserState\.list/);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await listed;
    await page.getByText('Loading…', { exact: true }).waitFor({ state: 'detached' });
    await download(page, button);
    expect(requests).toHaveLength(2);
  });

  const fault = { fault: 'forbidden-application', method: 'GET', path: '/deviceRunStates', times: 'always' } as const;

  test('shows why the reasons cannot be loaded, and loads them when asked again', async () => {
    const { page, expectAccessible } = await openShort(app);
    await app.simulator.fault(fault);
    const press = page.getByRole('button', { name: button });
    await press.click();
    const again = page.getByRole('button', { name: 'Try again' });
    await again.waitFor();
    // Nothing is loading any more.
    await expect.poll(() => press.getAttribute('aria-disabled')).toBeNull();
    expect(await press.getByLabel('Loading').count()).toBe(0);
    expect(await page.getByText(/^Loading the reasons/).count()).toBe(0);
    await expectAccessible();
    await app.simulator.reset();
    const file = page.waitForEvent('download');
    await again.click();
    await file;
    await again.waitFor({ state: 'detached' });
  });

  test('resumes at the page that could not be loaded', async () => {
    const { page } = await openLong(app);
    const press = page.getByRole('button', { name: button });
    const inputs: (string | null)[] = [];
    let isFailing = true;
    await page.route(/deviceRunState\.listForScript/, async (route) => {
      const input = route.request().postData();
      inputs.push(input);
      const isNext = input?.includes('cursor') === true;
      if (isNext && isFailing) await app.simulator.fault(fault);
      await route.continue();
    });
    await press.click();
    const again = page.getByRole('button', { name: 'Try again' });
    await again.waitFor();
    await app.simulator.reset();
    isFailing = false;
    const failed = inputs.length;
    // Either button starts it.
    const file = page.waitForEvent('download');
    await press.click();
    await file;
    expect(failed).toBe(2);
    expect(inputs.slice(failed)).not.toContain(inputs[0]);
    expect(inputs[failed]).toBe(inputs[1]);
    await again.waitFor({ state: 'detached' });
  });

  test('says how many failed devices of the whole script have no person', async () => {
    const { page, scriptId, expectAccessible } = await openShort(app);
    await page.route(/deviceRunState\.listForScript/, async (route) => {
      const response = await route.fetch();
      const text = await response.text();
      await route.fulfill({ response, body: text.replaceAll('"userId":"', '"userId":"x').replaceAll('@', '@x') });
    });
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('zielinski');
    await page.getByText('2 of 8 people', { exact: true }).waitFor();
    await download(page, button);
    const failures = [...(await failuresByPerson(scriptId())).values()].flat();
    expect(failures.length).toBeGreaterThan(1);
    const text = `Microsoft Graph does not say whose ${failures.length} failed devices of this script are.`;
    await page.getByText(text, { exact: true }).waitFor();
    await expectAccessible();
  });
});

test('reasons are joined by person, missing ones are not known, and formulas are escaped', () => {
  const device = (userId: string | null, userPrincipalName: string | null, deviceName: string) => ({
    id: deviceName,
    deviceName,
    operatingSystem: 'Windows',
    osVersion: '10',
    lastSyncDateTime: null,
    userId,
    userPrincipalName,
  });
  const run = (each: DeviceRunState['device'], message: string): DeviceRunState => ({
    id: `state of ${each?.deviceName}`,
    runState: 'fail',
    resultMessage: message,
    errorCode: -2147024809,
    errorDescription: null,
    lastStateUpdateDateTime: null,
    device: each,
  });
  const state = (id: string, userPrincipalName: string, errorDeviceCount: number) => ({
    id,
    userPrincipalName,
    errorDeviceCount,
    successDeviceCount: 0,
  });
  const states = [
    state('script:user-a', 'a@contoso.example', 2),
    state('opaque', 'b@contoso.example', 1),
    state('script:user-c', 'c@contoso.example', 0),
    state('script:user-d', 'd@contoso.example', 1),
    state('script:user-e', 'e@contoso.example', 3),
  ];
  const failures = failureReasons(
    [
      run(device('USER-A', null, '=1+1'), '=cmd|calc'),
      run(device('user-a', null, 'PC-2'), '=cmd|calc'),
      run(device(null, 'B@contoso.example', 'PC-3'), 'No space left,=cmd'),
      run(device(null, null, 'PC-4'), 'Whose?'),
      run(null, 'Whose?'),
      { ...run(device('user-c', null, 'PC-5'), ''), runState: 'success' },
      // Graph does not always send both the id and the name.
      run(device(null, 'E@contoso.example', 'PC-6'), 'By name'),
      run(device('user-e', null, 'PC-7'), 'By id'),
      run(device('user-e', 'e@contoso.example', 'PC-8'), 'By id'),
      // Nobody in the list.
      run(device('user-f', 'f@contoso.example', 'PC-9'), 'Whose?'),
    ],
    states,
  );
  expect(failures.withoutPerson).toBe(3);
  const csv = formatUserStates({ scriptKind, scriptId: 'script' }, states, undefined, failures);
  const cells = parseCsv(`\uFEFF${csv}`).map((line) => [line['failedDevices'], line['reasons']]);
  expect(cells).toEqual([
    ["'=1+1; PC-2", "'=cmd|calc (error code 0x80070057)"],
    ['PC-3', "No space left,'=cmd (error code 0x80070057)"],
    ['', ''],
    ['', 'Not known'],
    ['PC-7; PC-8; PC-6', 'By id (error code 0x80070057); By name (error code 0x80070057)'],
  ]);
});
