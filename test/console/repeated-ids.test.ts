import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { joinPages } from '../../src/console/queries.js';
import { describeInChromium } from '../support/chromium.js';
import { startConsole, type TestConsole } from '../support/console.js';
import { liveSettings } from '../support/service.js';

const scriptId = 'aaaaaaaa-0000-4000-8000-000000000001';
const upper = (id: string) => id.toUpperCase();
const stateId = (person: number) => `${scriptId}:bbbbbbbb-0000-4000-8000-${String(person).padStart(12, '0')}`;
const state = (person: number, id = stateId(person)) => ({
  id,
  successDeviceCount: 1,
  errorDeviceCount: person,
  userPrincipalName: `person-${String(person).padStart(3, '0')}@contoso.example`,
});
const device = (id: string) => ({ id, runState: 'success', resultMessage: id.toLowerCase(), errorCode: 0 });
const script = (id: string, displayName: string) => ({ id, displayName, fileName: `${displayName}.ps1` });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** The pages of each list. Ids repeat on a page, on later pages, and in capitals. */
const lists: Readonly<Record<string, readonly (readonly object[])[]>> = {
  deviceManagementScripts: [
    [script(scriptId, 'First'), script('second', 'Second'), script('second', 'Second')],
    [script(upper(scriptId), 'First'), script('third', 'Third')],
  ],
  userRunStates: [
    [...range(0, 60), 59].map((person) => state(person)),
    [
      ...range(30, 60).map((person) => state(person, upper(stateId(person)))),
      ...range(60, 90).map((each) => state(each)),
    ],
    [...range(0, 30), ...range(80, 100)].map((person) => state(person)),
  ],
  deviceRunStates: [
    [device('one'), device('two')],
    [device('ONE'), device('three')],
  ],
};

test('joined pages have one item for each id, with the values that were sent last', () => {
  const pages = [
    {
      items: [
        { id: 'a', value: 1 },
        { id: 'b', value: 2 },
      ],
      unreadable: 2,
    },
    { items: [{ id: 'B', value: 3 }] },
    {
      items: [
        { id: 'c', value: 4 },
        { id: 'c', value: 5 },
      ],
      unreadable: 1,
    },
  ];
  expect(joinPages({ pages })).toEqual({
    items: [
      { id: 'a', value: 1 },
      { id: 'B', value: 3 },
      { id: 'c', value: 5 },
    ],
    unreadable: 3,
  });
});

describeInChromium('the console, when Graph sends ids more than once', () => {
  const updated: (readonly [path: string, body: unknown])[] = [];
  const graph = createServer((request, response) => {
    const { pathname, origin } = new URL(request.url ?? '', `http://${request.headers.host}`);
    const send = (body: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'r' }).end(JSON.stringify(body));
    const parts = decodeURIComponent(pathname).split('/');
    if (request.method === 'PATCH') {
      let text = '';
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on('end', () => {
        const id = parts.at(-1) ?? '';
        const body = JSON.parse(text) as object;
        updated.push([id, body]);
        send({ ...state(Number(id.split('-').at(-1)), id), ...body });
      });
      return;
    }
    if (parts.at(-1) === '$batch') {
      void json(request).then((body) => {
        const { requests } = body as { requests: readonly { id: string; url: string }[] };
        const answers = requests.map(({ id, url }) => ({
          id,
          status: 200,
          headers: { 'request-id': id },
          body: pageAt(new URL(`/beta${url}`, origin)),
        }));
        send({ responses: answers });
      });
      return;
    }
    send(pageAt(new URL(request.url ?? '', origin)));
  });

  function pageAt({ origin, pathname, searchParams }: URL) {
    const pages = lists[pathname.split('/').at(-1) ?? ''] ?? [[]];
    const id = pathname.split('/').at(-1) ?? '';
    if (id.includes('%3A') || id.includes(':')) return state(Number(id.split('-').at(-1)), decodeURIComponent(id));
    const nth = Number(searchParams.get('$skiptoken') ?? 0);
    const next = `${origin}${pathname}?$skiptoken=${nth + 1}`;
    return { value: pages[nth], ...(nth + 1 < pages.length && { '@odata.nextLink': next }) };
  }

  let app: TestConsole;
  beforeAll(async () => {
    graph.listen(0, '127.0.0.1');
    await once(graph, 'listening');
    app = await startConsole(
      liveSettings({ baseUrl: `http://127.0.0.1:${(graph.address() as AddressInfo).port}/beta` }),
    );
  });
  afterAll(async () => {
    await app.stop();
    graph.close();
    graph.closeAllConnections();
  });
  beforeEach(() => app.closeSessions());

  async function openStates() {
    const session = await app.openSession();
    await session.open(`/?script=${upper(scriptId)}`);
    await session.page.getByText('100 people', { exact: true }).waitFor();
    const rows = session.page.locator('[role=rowgroup] [role=row]');
    const positions = () =>
      rows.evaluateAll((all) =>
        (all as unknown as { style: { transform: string } }[]).map(({ style }) => style.transform),
      );
    return { ...session, rows, positions };
  }

  test('each person has one row, however the list is sorted and searched', async () => {
    const { page, rows, positions } = await openStates();
    const find = page.getByRole('searchbox', { name: 'Find a person' });
    for (const column of ['Person', 'Failed', 'Person', 'Failure rate']) {
      await page.getByRole('columnheader', { name: column, exact: true }).getByRole('button').click();
      for (const search of ['person-05', 'person-03', 'person-0']) {
        await find.fill(search);
        await page.getByText(search === 'person-0' ? '100 people' : '10 of 100 people', { exact: true }).waitFor();
        // The rows can appear a moment after the number of people.
        let names: readonly string[] = [];
        await expect
          .poll(async () => {
            names = await rows
              .getByRole('checkbox')
              .evaluateAll((all) => (all as unknown as { ariaLabel: string }[]).map(({ ariaLabel }) => ariaLabel));
            return names.every((name) => name.startsWith(`Select ${search}`));
          })
          .toBe(true);
        expect([new Set(names).size, new Set(await positions()).size]).toEqual([names.length, names.length]);
        if (search !== 'person-0') expect(names).toHaveLength(10);
      }
    }
  });

  test('a correction reaches the person in whose row it was made', async () => {
    updated.length = 0;
    const { page, rows, expectToast } = await openStates();
    await page.getByRole('columnheader', { name: 'Person', exact: true }).getByRole('button').click();
    await page.getByRole('searchbox', { name: 'Find a person' }).fill('person-04');
    await page.getByText('10 of 100 people', { exact: true }).waitFor();
    const third = rows.nth(3);
    await third.getByRole('button', { name: 'Edit' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Edit person-043@contoso.example').waitFor();
    await dialog.getByLabel('Devices failed').fill('4343');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expectToast('Saved: person-043');
    await third.getByText('4,343').waitFor();
    expect(updated.map(([id, body]) => [id.toLowerCase(), body])).toEqual([
      [stateId(43), expect.objectContaining({ errorDeviceCount: 4343 })],
    ]);
    await page.getByRole('checkbox', { name: /^Select all/ }).click();
    await page.getByRole('button', { name: 'Change selected (10)' }).waitFor();
  });

  test('scripts and devices are listed once', async () => {
    const { page } = await openStates();
    await page.getByRole('heading', { level: 1, name: 'First' }).waitFor();
    await page.getByRole('grid').getByRole('button', { name: 'person-099@contoso.example', exact: true }).click();
    const devices = page.getByRole('table').getByRole('row');
    await devices.filter({ hasText: 'three' }).waitFor();
    expect(await devices.count()).toBe(4);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByLabel('Kind').selectOption({ label: 'PowerShell (Windows)' });
    const scripts = page.getByRole('table', { name: 'Scripts' });
    await scripts.getByRole('link', { name: 'First' }).waitFor();
    expect(await scripts.getByRole('link').count()).toBe(3);
  });
});
