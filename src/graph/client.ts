import type { Deadline } from './deadline.js';
import { claimsFromChallenge, errorFromAnswer, isQueued } from './error-answer.js';
import { GraphError } from './errors.js';
import { waitBefore } from './retry-after.js';
import type { TokenSource } from './tokens.js';
import { type Answer, type Transport, TransportError, type WireRequest } from './transport.js';

/** Attempts that end without word of when to come back are repeated up to this many times in all. */
const maxBlindAttempts = 3;

/** Requests to Graph, with a token on them. */
export interface GraphClient {
  /**
   * One attempt. A token that Graph refuses is replaced once, with the claims that it asks for.
   *
   * @param beforeSend is called right before the request leaves; what it throws keeps it from leaving
   * @returns a 2xx answer
   * @throws {GraphError} for everything else; its `certainty` says what is known of the request
   */
  attempt(request: WireRequest, signal: AbortSignal, beforeSend?: () => void): Promise<Answer>;
  /**
   * A read: attempts until one succeeds, as often as is sensible within the deadline.
   *
   * @throws {GraphError}
   */
  read<T>(request: WireRequest, parse: (answer: Answer) => T, deadline: Deadline): Promise<T>;
}

/** Joins the token and the wire. */
export function createGraphClient(transport: Transport, tokens: TokenSource): GraphClient {
  async function send(request: WireRequest, token: string, signal: AbortSignal): Promise<Answer> {
    try {
      return await transport.send(request, token, signal);
    } catch (cause) {
      throw errorFromTransport(cause, signal);
    }
  }

  async function attempt(request: WireRequest, signal: AbortSignal, beforeSend?: () => void): Promise<Answer> {
    const token = await tokens.get({ signal });
    beforeSend?.();
    let answer = await send(request, token, signal);
    if (answer.status === 401) {
      const refused = errorFromAnswer(answer);
      const another = await tokens
        .get({ signal, claims: claimsFromChallenge(answer), refused: token })
        .catch((error: unknown) => {
          throw refused.as(asGraphError(error).reason, { cause: error });
        });
      answer = await send(request, another, signal);
      if (answer.status === 401) throw errorFromAnswer(answer).as(tokens.whenRefused);
    }
    if (answer.status >= 200 && answer.status < 300 && !isQueued(answer)) return answer;
    throw errorFromAnswer(answer);
  }

  async function read<T>(request: WireRequest, parse: (answer: Answer) => T, deadline: Deadline): Promise<T> {
    for (let attempts = 1; ; attempts++) {
      try {
        return parse(await deadline.attempt((signal) => attempt(request, signal)));
      } catch (error) {
        deadline.throwIfClosed();
        const over = await waitForRetry(asGraphError(error), attempts, deadline);
        if (over !== undefined) throw deadline.expired ? over.as('GRAPH_TIMEOUT') : over;
        deadline.throwIfClosed();
      }
    }
  }

  return { attempt, read };
}

/**
 * Waits until an attempt is worth repeating.
 *
 * @returns the failure to give up with, when it isn't worth it or there is no time for it
 */
export async function waitForRetry(
  failure: GraphError,
  attempts: number,
  deadline: Deadline,
): Promise<GraphError | undefined> {
  if (failure.certainty === 'refused' || failure.reason === 'GRAPH_PROTOCOL') return failure;
  const saysWhen = failure.reason === 'THROTTLED' || failure.details.retryAfterMs !== undefined;
  const waitMs = waitBefore(attempts, failure.details.retryAfterMs);
  if ((!saysWhen && attempts >= maxBlindAttempts) || !deadline.allowsAttemptAfter(waitMs)) {
    return failure.as(failure.reason, saysWhen ? { retryAfterMs: Math.ceil(waitMs) } : {});
  }
  await deadline.wait(waitMs);
  return undefined;
}

/** Anything that isn't a {@link GraphError} is a defect and passes through. */
export function asGraphError(error: unknown): GraphError {
  if (error instanceof GraphError) return error;
  throw error;
}

function errorFromTransport(cause: unknown, signal: AbortSignal): GraphError {
  if (!(cause instanceof TransportError)) throw cause;
  const details = { graph: cause.ids, cause };
  if (!cause.sent) return new GraphError('GRAPH_UNAVAILABLE', { ...details, certainty: 'later' });
  if (cause.tooLarge) return new GraphError('GRAPH_PROTOCOL', { ...details, certainty: 'doubtful' });
  return signal.aborted
    ? new GraphError('GRAPH_TIMEOUT', { ...details, certainty: 'doubtful' })
    : new GraphError('GRAPH_UNAVAILABLE', { ...details, certainty: 'doubtful' });
}
