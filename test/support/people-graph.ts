import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

/** The script of a {@link PeopleGraph}. */
export const peopleScriptId = 'aaaaaaaa-0000-4000-8000-000000000001';
export const peopleScriptName = 'Configure the proxy';

/** A Graph over HTTP with one script, many people and their devices. */
export interface PeopleGraph {
  /** With the version. */
  readonly baseUrl: string;
  /** The `$top` and `$skiptoken` of each request for people, in their order. */
  readonly pages: readonly string[];
  /** While set, requests for people after the first page are not answered. */
  readonly hold: () => () => void;
  close(): void;
}

/** Person 7 of 6,000 is `person-0007@contoso.example`, with 7 % 5 failed devices and 7 % 3 succeeded ones. */
const person = (index: number) => ({
  id: `${peopleScriptId}:bbbbbbbb-0000-4000-8000-${String(index).padStart(12, '0')}`,
  successDeviceCount: index % 3,
  errorDeviceCount: index % 5,
  userPrincipalName: `person-${String(index).padStart(4, '0')}@contoso.example`,
});

const devices = [
  {
    id: 'one',
    runState: 'fail',
    resultMessage: 'The proxy is not reachable.',
    errorCode: -2147024809,
    errorDescription: 'ERR_PROXY',
    lastStateUpdateDateTime: '2026-03-02T08:00:00Z',
    managedDevice: {
      id: 'one',
      deviceName: 'LAPTOP-ONE',
      operatingSystem: 'Windows',
      osVersion: '10.0.26100.1',
      lastSyncDateTime: '2026-03-01T09:30:00Z',
    },
  },
  { id: 'two', runState: 'success', resultMessage: 'Done', errorCode: 0, managedDevice: null },
];

/** Starts a Graph whose responses take `latencyMs`, with pages of `$top` people, at most `maxPageSize`. */
export async function startPeopleGraph(options: {
  readonly people: number;
  readonly latencyMs?: number;
  readonly maxPageSize?: number;
}): Promise<PeopleGraph> {
  const { people, latencyMs = 0, maxPageSize = 1_000 } = options;
  const pages: string[] = [];
  let held: Promise<void> | undefined;

  async function pageAt({ origin, pathname, searchParams }: URL): Promise<object> {
    const list = pathname.split('/').at(-1);
    if (list === 'deviceManagementScripts') return { value: [{ id: peopleScriptId, displayName: peopleScriptName }] };
    if (list === 'deviceRunStates') return { value: devices };
    if (list !== 'userRunStates') return { value: [] };
    const top = Number(searchParams.get('$top') ?? 50);
    const from = Number(searchParams.get('$skiptoken') ?? 0);
    pages.push(`${top} from ${from}`);
    if (from > 0) await held;
    const to = Math.min(from + Math.min(top, maxPageSize), people);
    const next = `${origin}${pathname}?$top=${top}&$skiptoken=${to}`;
    return {
      value: Array.from({ length: to - from }, (_, index) => person(from + index)),
      ...(to < people && { '@odata.nextLink': next }),
    };
  }

  async function respond(response: ServerResponse, body: () => Promise<object>): Promise<void> {
    await delay(latencyMs);
    response
      .writeHead(200, { 'content-type': 'application/json', 'request-id': 'r' })
      .end(JSON.stringify(await body()));
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`);
    void respond(response, async () => {
      if (!url.pathname.endsWith('/$batch')) return pageAt(url);
      const { requests } = (await json(request)) as { requests: readonly { id: string; url: string }[] };
      const responses = requests.map(async ({ id, url: path }) => ({
        id,
        status: 200,
        headers: { 'request-id': id },
        body: await pageAt(new URL(`/beta${path}`, url.origin)),
      }));
      return { responses: await Promise.all(responses) };
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/beta`,
    pages,
    hold() {
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return () => {
        held = undefined;
        release();
      };
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
