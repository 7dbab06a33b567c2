import { TRPCClientError } from '@trpc/client';
import { beforeAll, describe, expect, test } from 'vitest';
import { procedures } from '../../src/api/router.js';
import type { Page } from '../../src/contract.js';
import { scriptKinds } from '../../src/graph/ids.js';
import { rowsOf } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { readSchemas, type SchemaValidator } from '../support/json-schemas.js';
import { usePair } from '../support/pair.js';
import { manyStates, useKnownState } from '../support/states.js';

// The tests of inputs compare the schemas of inputs with the service's own validation.

const pair = usePair({ GRAPH_DEADLINE_MS: '30000' });
const known = useKnownState(pair);
let validator: SchemaValidator;

beforeAll(async () => {
  validator = await readSchemas(pair.service);
});

test('there are schemas of every procedure', () => {
  const described = Object.entries(validator.schemas.procedures).map(([path, { type, streamed = false }]) => [
    path,
    { type, streamed },
  ]);
  const existing = [...procedures].map(([path, { type, meta }]) => [path, { type, streamed: meta?.streamed ?? false }]);
  expect(Object.fromEntries(described)).toEqual(Object.fromEntries(existing));
  const withoutInput = Object.entries(validator.schemas.procedures).filter(([, { input }]) => input === undefined);
  expect(withoutInput.map(([path]) => path)).toEqual(['session.current']);
});

/** All pages of a list. */
async function pagesOf<Item>(list: (cursor: string | undefined) => Promise<Page<Item>>): Promise<Page<Item>[]> {
  const pages: Page<Item>[] = [];
  for (let cursor: string | undefined; pages.length === 0 || cursor !== undefined; cursor = pages.at(-1)?.nextCursor) {
    pages.push(await list(cursor));
  }
  return pages;
}

const userState = { successDeviceCount: 1, errorDeviceCount: 0, userPrincipalName: 'new@contoso.example' };

/** Calls each procedure that does not stream, and returns its outputs. */
const outputs: Readonly<Record<string, () => Promise<readonly unknown[]>>> = {
  'script.list': async () =>
    (
      await Promise.all(
        scriptKinds.map((scriptKind) =>
          pagesOf((cursor) => pair.service.client.script.list.query({ scriptKind, cursor })),
        ),
      )
    ).flat(),
  'script.overview': () =>
    pagesOf((cursor) => pair.service.client.script.overview.query({ scriptKind: 'deviceShellScript', cursor })),
  'scriptUserState.list': () =>
    pagesOf((cursor) => pair.service.client.scriptUserState.list.query({ ...scriptOf(), cursor })),
  'scriptUserState.listForUser': () =>
    pagesOf((cursor) => pair.service.client.scriptUserState.listForUser.query({ userId: userOf(), cursor })),
  'scriptUserState.get': async () => [await pair.service.client.scriptUserState.get.query(known.target)],
  'scriptUserState.update': async () => [
    await pair.service.client.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 3 } }),
  ],
  'scriptUserState.create': async () => [
    await pair.service.client.scriptUserState.create.mutate({ ...scriptOf(), userState }),
  ],
  'scriptUserState.delete': async () => {
    const { id } = await pair.service.client.scriptUserState.create.mutate({ ...scriptOf(), userState });
    return [await pair.service.client.scriptUserState.delete.mutate({ ...scriptOf(), userStateId: id })];
  },
  'deviceRunState.list': () =>
    pagesOf((cursor) => pair.service.client.deviceRunState.list.query({ ...known.target, cursor })),
  'deviceRunState.listForScript': () =>
    pagesOf((cursor) => pair.service.client.deviceRunState.listForScript.query({ ...scriptOf(), cursor })),
  'session.current': async () => [await pair.service.client.session.current.query()],
};

const scriptOf = () => ({ scriptKind: known.target.scriptKind, scriptId: known.target.scriptId });
const userOf = () => known.target.userStateId.split(':')[1] ?? '';

/** The fields of an object, and of the first item of a list. */
const withoutEachField = (output: object) =>
  Object.keys(output)
    .filter((name) => name !== 'nextCursor')
    .map((name) => Object.fromEntries(Object.entries(output).filter(([other]) => other !== name)));

describe.each(Object.keys(outputs))('the schema of the output of %s', (path) => {
  test('accepts what the service returns, and nothing with fewer fields', async () => {
    const returned = (await outputs[path]?.()) ?? [];
    expect(returned.length).toBeGreaterThan(0);
    for (const output of returned) {
      expect({ output, accepted: validator.acceptsOutput(path, output) }).toEqual({ output, accepted: true });
    }
    const [first] = returned as readonly [object];
    for (const fewer of withoutEachField(first)) expect(validator.acceptsOutput(path, fewer)).toBe(false);
    if (!('items' in first)) return;
    const [item] = first.items as readonly [object];
    for (const fewer of withoutEachField(item)) {
      expect(validator.acceptsOutput(path, { ...first, items: [fewer] })).toBe(false);
    }
  });
});

test('the schema of the output of a stream accepts each of its events', async () => {
  const path = 'scriptUserState.updateMany';
  const [row, ...rows] = [...rowsOf(await manyStates(pair.service, 4), 100)];
  const updates = [{ ...row, userStateId: 'none' }, ...rows] as typeof rows;
  const kinds = new Set<string>();
  for await (const event of await createStreamClient(pair.service).scriptUserState.updateMany.mutate({ updates })) {
    expect({ event, accepted: validator.acceptsOutput(path, event) }).toEqual({ event, accepted: true });
    for (const fewer of withoutEachField(event)) expect(validator.acceptsOutput(path, fewer)).toBe(false);
    kinds.add(event.type === 'progress' ? event.type : String(event.ok));
  }
  expect(kinds).toEqual(new Set(['progress', 'true', 'false']));
});

test('the schema of errors accepts the error of a call', async () => {
  const { client } = pair.service;
  const failed = [
    client.scriptUserState.get.query({ ...known.target, userStateId: 'none' }),
    client.scriptUserState.get.query({ ...known.target, scriptId: '' }),
    client.scriptUserState.update.mutate({
      ...known.target,
      patch: { errorDeviceCount: 5 },
      expected: { errorDeviceCount: -1 },
    }),
  ];
  for (const { reason: error } of (await Promise.allSettled(failed)) as PromiseRejectedResult[]) {
    if (!(error instanceof TRPCClientError)) throw error;
    const shape = error.shape as object;
    expect({ shape, accepted: validator.acceptsError(shape) }).toEqual({ shape, accepted: true });
  }
  expect(validator.acceptsError({ message: 'x', code: 0 })).toBe(false);
});
