import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { visibleText } from '../../src/console/isolated.js';
import { describeInChromium } from '../support/chromium.js';
import { startConsole, type TestConsole } from '../support/console.js';
import { liveSettings } from '../support/service.js';

const override = '\u202e';
const zeroWidth = '\u200b';

describe('a text that others have chosen', () => {
  test.each([
    [`anna${override}@contoso`, 'anna⟨U+202E⟩@contoso'],
    [`an${zeroWidth}na`, 'an⟨U+200B⟩na'],
    ['\u2066isolated\u2069', '⟨U+2066⟩isolated⟨U+2069⟩'],
    ['\ufeffname', '⟨U+FEFF⟩name'],
    ['soft\u00adhyphen', 'soft⟨U+00AD⟩hyphen'],
    ['\u001b[31mred', '⟨U+001B⟩[31mred'],
    ['filler\u3164', 'filler⟨U+3164⟩'],
    ['tag\u{e0041}', 'tag⟨U+E0041⟩'],
    ['half\ud800', 'half⟨U+D800⟩'],
    ['a\u200db', 'a⟨U+200D⟩b'],
  ])('%j is shown with marks', (text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  test.each(['anna@contoso.example', 'Zoë Ångström', 'مريم', '李', 'two\r\nlines\tand a tab', '👩🏽‍💻', '❤️‍🔥', '⚠️'])(
    '%j is shown unchanged',
    (text) => {
      expect(visibleText(text)).toBe(text);
    },
  );
});

describeInChromium('the console, with names that contain invisible characters', () => {
  const scriptId = 'aaaaaaaa-0000-4000-8000-000000000001';
  const stateId = `${scriptId}:bbbbbbbb-0000-4000-8000-000000000001`;
  const name = `anna${zeroWidth}@${override}contoso.example`;
  const lists: Readonly<Record<string, object>> = {
    deviceManagementScripts: { id: scriptId, displayName: `Set${override}up`, fileName: 'مريم.ps1' },
    userRunStates: { id: stateId, successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: name },
    deviceRunStates: {
      id: 'device',
      runState: 'success',
      resultMessage: `done${zeroWidth}`,
      errorCode: 0,
      managedDevice: { id: 'device', deviceName: `laptop${override}` },
    },
  };
  const graph = createServer((request, response) => {
    const list = new URL(request.url ?? '', 'http://graph').pathname.split('/').at(-1) ?? '';
    const entity = lists[list];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ value: entity === undefined ? [] : [entity] }));
  });
  let app: TestConsole;

  beforeAll(async () => {
    graph.listen(0, '127.0.0.1');
    await once(graph, 'listening');
    const baseUrl = `http://127.0.0.1:${(graph.address() as AddressInfo).port}/beta`;
    app = await startConsole({ SIGN_IN: 'off', ...liveSettings({ baseUrl }) });
  });
  afterAll(async () => {
    await app.stop();
    graph.close();
  });

  test('shows marks in their place, and isolates the direction of every name', async () => {
    const { page } = await app.openSession();
    await page.goto(`/?kind=deviceManagementScript&script=${scriptId}`);
    await page.getByRole('button', { name: 'anna⟨U+200B⟩@⟨U+202E⟩contoso.example', exact: true }).first().click();
    const devices = page.getByRole('dialog');
    await devices.getByText('laptop⟨U+202E⟩').waitFor();
    await devices.getByText('done⟨U+200B⟩').waitFor();
    await page.getByText('Set⟨U+202E⟩up').first().waitFor();
    const isolated = await page.locator('bdi').allTextContents();
    expect(isolated).toEqual(
      expect.arrayContaining(['Set⟨U+202E⟩up', 'مريم.ps1', 'anna⟨U+200B⟩@⟨U+202E⟩contoso.example', 'laptop⟨U+202E⟩']),
    );
    expect(await page.locator('body').innerHTML()).not.toMatch(/[\u200b\u202e]/);
  });
});
