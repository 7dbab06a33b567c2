import { setMaxListeners } from 'node:events';
import {
  callTRPCProcedure,
  getTRPCErrorFromUnknown,
  getTRPCErrorShape,
  TRPCError,
  transformTRPCResponse,
} from '@trpc/server';
import { getHTTPStatusCode } from '@trpc/server/http';
import type { RequestHandler } from 'express';
import { appRouter, procedures } from '../../api/router.js';
import { retryAfterHeader } from '../retry-after-header.js';
import { type ContextParts, createContext } from './create-context.js';
import type { Calls } from './parse-calls.js';

/** What became of one call. */
interface Settled {
  readonly path: string;
  readonly data?: unknown;
  readonly error?: TRPCError;
}

type Inputs = Readonly<Record<number, unknown>>;

// oxlint-disable-next-line no-underscore-dangle -- tRPC's own adapters have it from there
const config = appRouter._def._config;

/**
 * Answers calls in plain JSON, alone or in a batch, just as tRPC's own adapter does, but without making web streams of
 * each request and answer: on Node 20 they are most of what a call costs.
 *
 * @see https://trpc.io/docs/rpc
 */
export function jsonHandler(parts: ContextParts): RequestHandler {
  return async (request, response) => {
    const { calls } = response.locals;
    if (calls === undefined) throw new TypeError('the calls have not been judged');
    const ctx = createContext(response, parts);
    const inputs = inputsOf(calls, request.method === 'POST' ? request.body : '');
    const leaving = new AbortController();
    // Each call of a batch listens to it.
    if (calls.batched) setMaxListeners(0, leaving.signal);
    response.once('close', () => {
      if (!response.writableEnded) leaving.abort();
    });

    async function settle(path: string, batchIndex: number): Promise<Settled> {
      const type = procedures.get(path)?.type ?? 'query';
      try {
        if (type === 'mutation' && request.method !== 'POST') {
          response.setHeader('allow', 'POST');
          throw new TRPCError({ code: 'METHOD_NOT_SUPPORTED' });
        }
        const getRawInput = async () => inputs()[batchIndex];
        const call = { router: appRouter, path, type, ctx, getRawInput, signal: leaving.signal, batchIndex };
        return { path, data: await callTRPCProcedure(call) };
      } catch (thrown) {
        const error = getTRPCErrorFromUnknown(thrown);
        ctx.logFailure(error, path);
        return { path, error };
      }
    }

    const settled = await Promise.all(calls.paths.map(settle));
    const errors = settled.map(({ error }) => error);
    const answers = settled.map(({ path, data, error }) =>
      error === undefined
        ? { result: { data } }
        : { error: getTRPCErrorShape({ config, error, ctx, path, type: 'unknown', input: undefined }) },
    );
    const seconds = retryAfterHeader(errors);
    response.statusCode = getHTTPStatusCode(answers, errors);
    response.setHeader('vary', 'trpc-accept, accept');
    response.setHeader('content-type', 'application/json');
    if (seconds !== undefined) response.setHeader('retry-after', seconds);
    const transformed = answers.map((answer) => transformTRPCResponse(config, answer));
    response.end(JSON.stringify(calls.batched ? transformed : transformed[0]));
  };
}

/** Reads the inputs when the first of them is wanted: what can't be read fails each call that is allowed to be made. */
function inputsOf({ batched, input }: Calls, body: unknown): () => Inputs {
  let inputs: Inputs | undefined;
  return () => {
    inputs ??= parseInputs(input ?? (typeof body === 'string' ? body : ''), batched);
    return inputs;
  };
}

function parseInputs(text: string, batched: boolean): Inputs {
  if (text === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new TRPCError({ code: 'BAD_REQUEST', cause });
  }
  if (!batched) return { 0: parsed };
  if (!isInputs(parsed)) throw new TRPCError({ code: 'BAD_REQUEST' });
  return parsed;
}

/** The inputs of a batch are an object with their numbers as keys. */
function isInputs(value: unknown): value is Inputs {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
