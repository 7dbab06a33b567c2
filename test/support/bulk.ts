import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, type TRPCClient } from '@trpc/client';
import { expect } from 'vitest';
import type { AppRouter, RouterInputs, RouterOutputs } from '../../src/contract.js';
import { scriptKinds } from '../../src/graph/routes.js';
import type { TestService } from './service.js';
import type { Controls, JournalEntry } from './simulator.js';
import type { KnownState } from './states.js';

type Input = RouterInputs['scriptUserState']['updateMany'];
type Yielded = RouterOutputs['scriptUserState']['updateMany'] extends AsyncIterable<infer T> ? T : never;

/** One row of `updateMany`. */
export type Row = Input['updates'][number];
/** The result of one row. */
export type Result = Extract<Yielded, { readonly index: number }>;
/** The progress of a call. */
export type Progress = Exclude<Yielded, Result>;

/** A client that sends the calls of one tick as a batch. */
export function createBatchClient(
  { address }: Pick<TestService, 'address'>,
  headers: () => Readonly<Record<string, string>> = () => ({}),
): TRPCClient<AppRouter> {
  const url = `${address}/trpc`;
  return createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url, headers: () => ({ 'x-csrf': '1', ...headers() }), maxItems: 20 })],
  });
}

/** A client that receives streamed responses. @param headers in addition to `x-csrf` */
export function createStreamClient(
  { address }: Pick<TestService, 'address'>,
  headers: Readonly<Record<string, string>> = {},
): TRPCClient<AppRouter> {
  const url = `${address}/trpc`;
  return createTRPCClient<AppRouter>({
    links: [httpBatchStreamLink({ url, headers: { 'x-csrf': '1', ...headers }, maxItems: 20 })],
  });
}

/** A call of `updateMany` in progress. */
export interface Running {
  /** All results and progress so far, in the order of their arrival. */
  readonly heard: readonly Yielded[];
  readonly results: () => readonly Result[];
  readonly progress: () => readonly Progress[];
  /** Aborts the call. */
  readonly leave: () => void;
  /** Resolves with all results at the end of the call; rejects when it fails. */
  readonly over: Promise<readonly Result[]>;
}

const isResult = (each: Yielded): each is Result => 'index' in each;

/** Calls `updateMany` and reads the stream. */
export function startMany(service: Pick<TestService, 'address'>, input: Input): Running {
  return readMany(createStreamClient(service), input);
}

/** Calls `updateMany` with the given client and reads the stream. */
export function readMany(client: TRPCClient<AppRouter>, input: Input): Running {
  const leaving = new AbortController();
  const heard: Yielded[] = [];
  const results = () => heard.filter(isResult);
  const read = async () => {
    const stream = await client.scriptUserState.updateMany.mutate(input, { signal: leaving.signal });
    for await (const each of stream) heard.push(each);
    return results();
  };
  const over = read();
  // A test that aborts the call does not await its end.
  over.catch(() => undefined);
  return {
    heard,
    results,
    progress: () => heard.filter((each) => 'done' in each),
    leave: () => leaving.abort(),
    over,
  };
}

/** Calls `updateMany` over plain HTTP, so that the response can be left unread and the socket be reset. */
export async function sendMany(
  { address }: Pick<TestService, 'address'>,
  updates: readonly Row[],
): Promise<[ClientRequest, IncomingMessage]> {
  const sent = request(`${address}/trpc/scriptUserState.updateMany?batch=1`, {
    method: 'POST',
    headers: { 'x-csrf': '1', 'content-type': 'application/json', 'trpc-accept': 'application/jsonl' },
  });
  sent.end(JSON.stringify({ 0: { updates } }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  sent.on('error', () => undefined);
  return [sent, response];
}

/** Finds that many user states, each once, of scripts of the given kinds. */
export async function manyStates(
  { client }: Pick<TestService, 'client'>,
  wanted: number,
  kinds: readonly (typeof scriptKinds)[number][] = scriptKinds,
): Promise<readonly KnownState[]> {
  const found: KnownState[] = [];
  for (const scriptKind of kinds) {
    let cursor: string | undefined;
    do {
      const scripts = await client.script.list.query({ scriptKind, cursor });
      cursor = scripts.nextCursor;
      for (const { id: scriptId } of scripts.items) {
        const { items } = await client.scriptUserState.list.query({ scriptKind, scriptId });
        found.push(...items.map((state) => ({ target: { scriptKind, scriptId, userStateId: state.id }, state })));
        if (found.length >= wanted) return found.slice(0, wanted);
      }
    } while (cursor !== undefined);
  }
  throw new Error(`there are not ${wanted} user states`);
}

/** Rows that set each state to a different value, from `from` upwards. */
export function rowsOf(states: readonly KnownState[], from: number): readonly Row[] {
  return states.map(({ target }, index) => ({ ...target, patch: { successDeviceCount: from + index } }));
}

/** The updates that Graph received, in order. */
export async function patches(simulator: Pick<Controls, 'journal'>): Promise<readonly JournalEntry[]> {
  return (await simulator.journal()).filter(({ method }) => method === 'PATCH');
}

/** How many updates Graph received, once each has a response and their number no longer changes. */
export async function settledPatches(simulator: Pick<Controls, 'journal'>): Promise<number> {
  let count = -1;
  let same = 0;
  const timesSame = async () => {
    const sent = await patches(simulator);
    const isSame = sent.length === count && sent.every(({ answeredAtMs }) => answeredAtMs !== null);
    same = isSame ? same + 1 : 0;
    count = sent.length;
    return same;
  };
  await expect.poll(timesSame, { interval: 400 }).toBeGreaterThanOrEqual(3);
  return count;
}

/** The items of each batch that Graph received. */
export async function batches(simulator: Pick<Controls, 'journal'>): Promise<readonly (readonly JournalEntry[])[]> {
  const journal = await simulator.journal();
  return journal
    .filter(({ path }) => path.endsWith('$batch'))
    .map(({ n }) => journal.filter(({ batch }) => batch === n));
}

/** The id of the state that a request to Graph is for. */
export function stateOf({ path }: JournalEntry): string {
  return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
}

/** The value that a request to Graph sets. */
export function newValue({ body }: JournalEntry): number {
  return (body as { successDeviceCount: number }).successDeviceCount;
}
