import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createSealer } from '../../src/seal.js';
import { failure } from '../support/failure.js';
import { usePair } from '../support/pair.js';
import { canaryToken, liveSettings, startTestService, type TestService } from '../support/service.js';
import { someStates } from '../support/states.js';

const scriptKind = 'deviceShellScript';
const oldSecret = 'the old secret that signed until now';
const newSecret = 'the new secret that signs from now on';

// Without `$top`, the pages of the simulator have 50 entities.
const pair = usePair({ SESSION_SECRET: oldSecret }, { acceptTop: false });
/** A script whose user states fill several pages. */
let scriptId: string;
/** The cursor of its second page. */
let cursor: string;

beforeAll(async () => {
  const [state] = await someStates(pair.service, 50);
  if (state === undefined) throw new Error('no long list');
  ({ scriptId } = state.target);
  cursor = nextOf(await listStates());
});

const listStates = (at?: string, { client } = pair.service) =>
  client.scriptUserState.list.query({ scriptKind, scriptId, ...(at !== undefined && { cursor: at }) });

function nextOf({ nextCursor }: { readonly nextCursor?: string }): string {
  if (nextCursor === undefined) throw new Error('no further page');
  return nextCursor;
}

/** The ids that Graph has, in one page. */
async function idsInGraph(path: string): Promise<readonly string[]> {
  await pair.simulator.settings({ acceptTop: true });
  const response = await fetch(`${pair.simulator.baseUrl}/deviceManagement/${path}?$top=1000`, {
    headers: { authorization: `Bearer ${canaryToken}` },
  });
  await pair.simulator.settings({ acceptTop: false });
  const { value } = z.object({ value: z.array(z.object({ id: z.string() })) }).parse(await response.json());
  return value.map(({ id }) => id);
}

/** The ids of all pages of a list, read one after another. */
async function idsOfAllPages(
  list: (at?: string) => Promise<{ readonly items: readonly { readonly id: string }[]; readonly nextCursor?: string }>,
): Promise<{ readonly pages: number; readonly ids: readonly string[] }> {
  const ids: string[] = [];
  let at: string | undefined;
  for (let pages = 1; ; pages++) {
    const { items, nextCursor } = await list(at);
    ids.push(...items.map(({ id }) => id));
    if (nextCursor === undefined) return { pages, ids };
    at = nextCursor;
  }
}

describe('all pages together contain each entity of Graph once', () => {
  test('of user states', async () => {
    const { pages, ids } = await idsOfAllPages((at) => listStates(at));
    expect(pages).toBeGreaterThan(2);
    expect(ids).toEqual(await idsInGraph(`deviceShellScripts/${scriptId}/userRunStates`));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each([
    ['deviceShellScript', 'deviceShellScripts'],
    ['deviceManagementScript', 'deviceManagementScripts'],
    ['deviceCustomAttributeShellScript', 'deviceCustomAttributeShellScripts'],
  ] as const)('of scripts: %s', async (kind, collection) => {
    const { pages, ids } = await idsOfAllPages((at) =>
      pair.service.client.script.list.query({ scriptKind: kind, ...(at !== undefined && { cursor: at }) }),
    );
    expect(pages).toBeGreaterThan(1);
    expect(ids).toEqual(await idsInGraph(collection));
  });

  test('and a cursor can be used again', async () => {
    const page = await listStates(cursor);
    expect((await listStates(cursor)).items).toEqual(page.items);
  });
});

describe('a cursor is valid only for the query that returned it:', () => {
  const refused = async (call: Promise<unknown>) => {
    const data = await failure(call);
    expect(data).toMatchObject({ reason: 'INVALID_INPUT', httpStatus: 400, issues: [{ path: ['cursor'] }] });
    expect(await pair.simulator.journal()).toEqual([]);
  };

  test('not for another script, kind or procedure', async () => {
    const { scriptUserState, script, deviceRunState } = pair.service.client;
    await refused(scriptUserState.list.query({ scriptKind, scriptId: 'another', cursor }));
    await refused(scriptUserState.list.query({ scriptKind: 'deviceManagementScript', scriptId, cursor }));
    await refused(script.list.query({ scriptKind, cursor }));
    await refused(script.overview.query({ scriptKind, cursor }));
    await refused(scriptUserState.listForUser.query({ userId: 'any', cursor }));
    await refused(deviceRunState.listForScript.query({ scriptKind, scriptId, cursor }));
    await refused(deviceRunState.list.query({ scriptKind, scriptId, userStateId: 'any', cursor }));
  });

  test.each([
    ['short', 'x'],
    ['of invalid characters', '%'],
    ['a URL', 'https://graph.microsoft.com/beta/users'],
    ['long enough', 'A'.repeat(200)],
    ['of the maximum length', 'A'.repeat(16_384)],
  ])('not if it was forged: %s', (_, some) => refused(listStates(some)));

  test('not if an earlier version of the service issued it', async () => {
    const path = `deviceManagement/deviceShellScripts/${scriptId}/userRunStates`;
    const link = `${pair.simulator.baseUrl}/${path}`;
    const position = { link, checkpoint: 'x'.repeat(16), pages: 1, nextCheckpoint: 1 };
    await refused(listStates(createSealer([oldSecret], 'cursor').seal(JSON.stringify(position), path)));
  });

  test('not with one character changed, added or removed', async () => {
    const place = fc.nat({ max: cursor.length - 1 });
    const character = fc.constantFrom(...'ABCXYZabcxyz0189-_+/=. \u0000ä');
    const change = fc.constantFrom('changed', 'added', 'removed');
    // The last characters of base64url can have unused bits.
    const anyPlace = fc.oneof(place, fc.constantFrom(cursor.length - 1, cursor.length - 2));
    await fc.assert(
      fc.asyncProperty(anyPlace, character, change, async (at, instead, how) => {
        const rest = cursor.slice(how === 'added' ? at : at + 1);
        const other = `${cursor.slice(0, at)}${how === 'removed' ? '' : instead}${rest}`;
        fc.pre(other !== cursor);
        await refused(listStates(other));
      }),
      { numRuns: 200, examples: [[5, '.', 'added']] },
    );
  });

  test('and does not reveal its URL', async () => {
    const texts = [
      cursor,
      ...(['base64url', 'latin1', 'hex'] as const).map((as) => Buffer.from(cursor, as).toString()),
    ];
    for (const text of texts) expect(text).not.toMatch(/http|127\.0\.0\.1|skiptoken|deviceManagement|beta/i);
    expect(nextOf(await listStates())).not.toBe(cursor);
  });
});

describe('next links of Graph', () => {
  test('are not followed to another host, on any page', async () => {
    await pair.simulator.fault({ fault: 'next-link-foreign', method: 'GET', times: 'always' });
    for (const at of [undefined, cursor]) {
      expect(await failure(listStates(at))).toMatchObject({ reason: 'GRAPH_PROTOCOL', httpStatus: 502 });
    }
    expect(await pair.simulator.journal()).toHaveLength(2);
  });

  test.each([1, 2, 3])('that form a loop end the list, on page %i', async (looping) => {
    let pages = 0;
    const { ids } = await idsOfAllPages(async (at) => {
      pages++;
      if (pages === looping) await pair.simulator.fault({ fault: 'next-link-loop', method: 'GET' });
      return listStates(at);
    });
    expect(pages).toBe(looping);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('after a restart a cursor', () => {
  const restarted = (secrets: string): Promise<TestService> =>
    startTestService({ ...liveSettings(pair.simulator), SESSION_SECRET: secrets });

  test.each([
    ['continues with the same secret', oldSecret, true],
    ['continues when its secret is the second one', `${newSecret},${oldSecret}`, true],
    ['is rejected with another secret', newSecret, false],
  ])('%s', async (_, secrets, isValid) => {
    const { items } = await listStates(cursor);
    const service = await restarted(secrets);
    try {
      if (isValid) expect((await listStates(cursor, service)).items).toEqual(items);
      else expect(await failure(listStates(cursor, service))).toMatchObject({ reason: 'INVALID_INPUT' });
    } finally {
      await service.stop();
    }
  });

  test('is signed with the first secret', async () => {
    const rotating = await restarted(`${newSecret},${oldSecret}`);
    const rotated = await restarted(newSecret);
    try {
      const made = nextOf(await listStates(undefined, rotating));
      expect(await listStates(made, rotated)).toHaveProperty('items');
    } finally {
      await rotating.stop();
      await rotated.stop();
    }
  });
});
