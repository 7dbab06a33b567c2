import { setMaxListeners } from 'node:events';
import { callTRPCProcedure, getTRPCErrorFromUnknown, TRPCError } from '@trpc/server';
import { getHTTPStatusCode } from '@trpc/server/http';
import type { Request, RequestHandler, Response } from 'express';
import { describeError } from '../../api/errors.js';
import { appRouter, procedures } from '../../api/router.js';
import { retryAfterHeader } from '../retry-after-header.js';
import type { Calls } from './calls.js';
import { type ContextParts, createContext } from './context.js';
import { sendJson } from './json-response.js';

/**
 * Handles plain calls, single or batched, with the same responses as tRPC's own adapter. The adapter converts every
 * request and response to web streams, which multiplies the processor time of a call by 1.6 to 2.6 on Node 24.
 *
 * @see https://trpc.io/docs/rpc
 */
export function jsonHandler(parts: ContextParts): RequestHandler {
  async function respond(request: Request, response: Response): Promise<void> {
    const { calls } = response.locals;
    if (calls === undefined) throw new TypeError('parseCalls must run first');
    const ctx = createContext(response, parts);
    const getInputs = lazyInputs(calls, request);
    const signal = abortWhenClosed(response, calls);

    const callProcedure = async (path: string, batchIndex: number) => {
      const type = procedures.get(path)?.type ?? 'query';
      try {
        if (type === 'mutation' && request.method !== 'POST') {
          response.setHeader('allow', 'POST');
          throw new TRPCError({ code: 'METHOD_NOT_SUPPORTED' });
        }
        const getRawInput = async () => getInputs()[batchIndex];
        const data: unknown = await callTRPCProcedure({
          router: appRouter,
          path,
          type,
          ctx,
          getRawInput,
          signal,
          batchIndex,
        });
        return { body: { result: { data } } };
      } catch (thrown) {
        const error = getTRPCErrorFromUnknown(thrown);
        ctx.logFailure(error, path);
        return { error, body: { error: describeError(error, ctx.requestId, path) } };
      }
    };

    const results = await Promise.all(calls.paths.map(callProcedure));
    if (response.destroyed) return;
    const bodies = results.map(({ body }) => body);
    const retryAfter = retryAfterHeader(results.map(({ error }) => error));
    response.statusCode = getHTTPStatusCode(bodies);
    response.setHeader('vary', 'trpc-accept, accept');
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
    await sendJson(request, response, JSON.stringify(calls.isBatch ? bodies : bodies[0]));
  }

  return async (request, response) => {
    const responded = respond(request, response);
    response.locals.work = responded.catch(() => undefined);
    await responded;
  };
}

/** A signal for the calls, aborted if the client closes the connection before the response is sent. */
function abortWhenClosed(response: Response, { isBatch }: Calls): AbortSignal {
  const controller = new AbortController();
  // Each call of a batch adds a listener.
  if (isBatch) setMaxListeners(0, controller.signal);
  response.once('close', () => {
    if (!response.writableEnded) controller.abort();
  });
  return controller.signal;
}

/** The inputs of the calls, by their index in the batch. */
type Inputs = Readonly<Record<number, unknown>>;

/** Parses the inputs on first use: tRPC checks the role first, and an invalid body then fails each call by itself. */
function lazyInputs({ isBatch, input }: Calls, { method, body }: Request): () => Inputs {
  const text = input ?? (method === 'POST' && typeof body === 'string' ? body : '');
  let inputs: Inputs | undefined;
  return () => (inputs ??= parseInputs(text, isBatch));
}

function parseInputs(text: string, isBatch: boolean): Inputs {
  if (text === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new TRPCError({ code: 'BAD_REQUEST', cause });
  }
  if (!isBatch) return { 0: parsed };
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new TRPCError({ code: 'BAD_REQUEST' });
  }
  return { ...parsed };
}
