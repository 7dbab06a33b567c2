import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { TRPCClient } from '@trpc/client';
import type { AppRouter, RouterInputs, RouterOutputs } from '../../src/contract.js';
import { createStreamClient } from './clients.js';
import type { TestService } from './service.js';
import type { KnownState } from './states.js';

type Input = RouterInputs['scriptUserState']['updateMany'];
type Yielded = RouterOutputs['scriptUserState']['updateMany'] extends AsyncIterable<infer T> ? T : never;

/** One row of `updateMany`. */
export type Row = Input['updates'][number];
/** The result of one row. */
export type Result = Extract<Yielded, { readonly index: number }>;
/** The progress of a call. */
export type Progress = Exclude<Yielded, Result>;

/** A call of `updateMany` in progress. */
export interface UpdateManyCall {
  /** All results and progress so far, in the order of their arrival. */
  readonly events: readonly Yielded[];
  readonly results: () => readonly Result[];
  readonly progress: () => readonly Progress[];
  /** Aborts the call. */
  readonly abort: () => void;
  /** Resolves with all results at the end of the call; rejects when it fails. */
  readonly finished: Promise<readonly Result[]>;
}

const isResult = (each: Yielded): each is Result => each.type === 'result';

/** Calls `updateMany` and reads the stream. */
export function startMany(service: Pick<TestService, 'address'>, input: Input): UpdateManyCall {
  return readMany(createStreamClient(service), input);
}

/** Calls `updateMany` with the given client and reads the stream. */
export function readMany(client: TRPCClient<AppRouter>, input: Input): UpdateManyCall {
  const controller = new AbortController();
  const events: Yielded[] = [];
  const results = () => events.filter(isResult);
  const read = async () => {
    const stream = await client.scriptUserState.updateMany.mutate(input, { signal: controller.signal });
    for await (const each of stream) events.push(each);
    return results();
  };
  const finished = read();
  // A test that aborts the call does not await its end.
  finished.catch(() => undefined);
  return {
    events,
    results,
    progress: () => events.filter((each) => each.type === 'progress'),
    abort: () => controller.abort(),
    finished,
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

/** Rows that set each state to a different value, from `from` upwards. */
export function rowsOf(states: readonly KnownState[], from: number): readonly Row[] {
  return states.map(({ target }, index) => ({ ...target, patch: { successDeviceCount: from + index } }));
}
