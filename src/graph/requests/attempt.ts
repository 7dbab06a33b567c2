import { CallError, type CallReason } from '../../errors.js';
import type { Deadline } from '../../scheduling/deadline.js';
import type { RequestPriority } from '../../scheduling/priority.js';
import type { RateLimiter } from '../../scheduling/rate-limiter.js';
import type { TokenSource } from '../tokens/token-source.js';
import { claimsFromChallenge, errorFromResponse, isQueuedForApproval } from '../wire/error-response.js';
import { waitBefore } from '../wire/retry-after.js';
import {
  type GraphRequest,
  type GraphResponse,
  type Transport,
  TransportError,
  type TransportFailure,
} from '../wire/transport.js';

/** Attempts that end without word of when to come back are repeated up to this many times in all. */
const maxBlindAttempts = 3;

/** How one attempt is made. */
export interface Attempt {
  readonly deadline: Deadline;
  /** Until the request leaves, whoever waits may call it off. */
  readonly patience: Deadline;
  /** Whether there has been an attempt before. */
  readonly again: boolean;
}

/** Requests to Graph, within its quota and with a token on them. */
export interface GraphClient {
  /**
   * One attempt. A token that Graph refuses is replaced once, with the claims that it asks for.
   *
   * @returns a 2xx answer
   * @throws {CallError} for everything else; its `certainty` says what is known of the request
   */
  attempt(request: GraphRequest, how: Attempt): Promise<GraphResponse>;
  /**
   * A read: attempts until one succeeds, as often as is sensible within the deadline.
   *
   * @throws {CallError}
   */
  read<T>(request: GraphRequest, parse: (answer: GraphResponse) => T, deadline: Deadline): Promise<T>;
}

/** What a client needs. */
export interface ClientParts {
  readonly transport: Pick<Transport, 'send'>;
  readonly tokens: TokenSource;
  readonly quotas: { readonly reads: RateLimiter; readonly writes: RateLimiter };
  readonly turn: RequestPriority;
}

/** Without a word from Graph, bulk work waits for so long after a 429. */
const slowMs = 1_000;

/** Joins quota, token and wire. */
export function createGraphClient({ transport, tokens, quotas, turn }: ClientParts): GraphClient {
  function tokenFor(deadline: Deadline, refused: Refused | undefined): Promise<string> {
    if (refused === undefined) return tokens.get(deadline);
    const { token, answer } = refused;
    const { signal } = deadline;
    return tokens.get({ signal, claims: claimsFromChallenge(answer), rejectedToken: token }).catch((error: unknown) => {
      throw errorFromResponse(answer).as(asCallError(error).reason, { cause: error });
    });
  }

  async function attempt(request: GraphRequest, how: Attempt, refused?: Refused): Promise<GraphResponse> {
    const { deadline, patience, again } = how;
    const quota = request.method === 'GET' ? quotas.reads : quotas.writes;
    const release = await quota.take(turn, patience, again || refused !== undefined);
    let used = false;
    let token: string;
    let answer: GraphResponse;
    try {
      deadline.begin();
      token = await tokenFor(deadline, refused);
      patience.throwIfClosed();
      used = true;
      answer = await transport.send(request, token, deadline.limit());
    } catch (thrown) {
      const error = thrown instanceof TransportError ? errorFromLoss(thrown) : thrown;
      used &&= asCallError(error).certainty === 'doubtful';
      throw error;
    } finally {
      release(used);
    }
    if (answer.status >= 200 && answer.status < 300 && !isQueuedForApproval(answer)) return answer;
    const error = errorFromResponse(answer);
    if (error.reason === 'THROTTLED') quota.slow(error.details.retryAfterMs ?? slowMs);
    if (answer.status !== 401) throw error;
    if (refused !== undefined) throw error.as(tokens.rejectionReason);
    return attempt(request, how, { token, answer });
  }

  async function read<T>(request: GraphRequest, parse: (answer: GraphResponse) => T, deadline: Deadline): Promise<T> {
    for (let attempts = 1; ; attempts++) {
      try {
        return parse(await attempt(request, { deadline, patience: deadline, again: attempts > 1 }));
      } catch (error) {
        deadline.throwIfClosed();
        const failure = asCallError(error);
        const over = await waitForRetry(failure, attempts, deadline);
        const timedOut = deadline.expired && failure.certainty !== 'refused';
        if (over !== undefined) throw timedOut ? over.as('GRAPH_TIMEOUT') : over;
        deadline.throwIfClosed();
      }
    }
  }

  return { attempt, read };
}

/** A token, and the answer by which Graph refused it. */
interface Refused {
  readonly token: string;
  readonly answer: GraphResponse;
}

/**
 * Waits until an attempt is worth repeating.
 *
 * @returns the failure to give up with, when it isn't worth it or there is no time for it
 */
export async function waitForRetry(
  failure: CallError,
  attempts: number,
  deadline: Deadline,
): Promise<CallError | undefined> {
  if (failure.certainty === 'refused' || failure.reason === 'GRAPH_PROTOCOL') return failure;
  const saysWhen = failure.reason === 'THROTTLED' || failure.details.retryAfterMs !== undefined;
  const waitMs = waitBefore(attempts, failure.details.retryAfterMs);
  if ((!saysWhen && attempts >= maxBlindAttempts) || !deadline.allowsAttemptAfter(waitMs)) {
    return failure.as(failure.reason, saysWhen ? { retryAfterMs: Math.ceil(waitMs) } : {});
  }
  await deadline.wait(waitMs);
  return undefined;
}

/** Anything that isn't a {@link CallError} is a defect and passes through. */
export function asCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  throw error;
}

function errorFromLoss(cause: TransportError): CallError {
  const certainty = cause.sent ? 'doubtful' : 'later';
  return new CallError(cause.sent ? lossReasons[cause.loss] : 'GRAPH_UNAVAILABLE', {
    certainty,
    graph: cause.ids,
    cause,
  });
}

const lossReasons = {
  broken: 'GRAPH_UNAVAILABLE',
  unreadable: 'GRAPH_PROTOCOL',
  'given-up': 'GRAPH_TIMEOUT',
} as const satisfies Record<TransportFailure, CallReason>;
