import { CallError, type CallReason, requireCallError } from '../../errors.js';
import type { RateLimiter } from '../../scheduling/rate-limiter.js';
import type { QuotaName } from '../graph.js';
import { claimsFromChallenge } from '../wire/claims-challenge.js';
import { errorFromResponse, isQueuedForApproval } from '../wire/error-response.js';
import {
  type GraphRequest,
  type GraphResponse,
  type Sender,
  TransportError,
  type TransportFailure,
} from '../wire/transport.js';
import type { CallContext } from './call-context.js';
import { planRetry } from './retry-plan.js';

/** How long bulk requests pause after a 429 without `Retry-After`. */
const defaultBulkPauseMs = 1_000;

/** Sends requests to Graph within its quota and with a token. */
export interface GraphClient {
  /**
   * Makes one attempt. A token that Graph rejects is replaced once, with the claims of Graph's challenge.
   *
   * @returns a 2xx response; it proves nothing unless it `isFromGraph` or contains the entity
   * @throws {CallError} for any other outcome; its `certainty` describes the effect of the request
   */
  attempt(request: GraphRequest, context: CallContext, isRetry: boolean): Promise<GraphResponse>;
  /**
   * Reads. Repeats failed attempts while {@link planRetry} allows it.
   *
   * @throws {CallError}
   */
  read<T>(path: string, parse: (response: GraphResponse) => T, context: CallContext): Promise<T>;
}

/** The options of {@link createGraphClient}. */
export interface GraphClientOptions {
  readonly sender: Sender;
  readonly rateLimiters: Readonly<Record<QuotaName, RateLimiter>>;
}

/** A token and the response with which Graph rejected it. */
interface RejectedToken {
  readonly token: string;
  readonly response: GraphResponse;
}

/** Creates the client. */
export function createGraphClient({ sender, rateLimiters }: GraphClientOptions): GraphClient {
  async function attempt(
    request: GraphRequest,
    context: CallContext,
    isRetry: boolean,
    rejected?: RejectedToken,
  ): Promise<GraphResponse> {
    const { caller, priority, deadline, hooks } = context;
    const isRead = request.method === 'GET';
    const rateLimiter = isRead ? rateLimiters.reads : rateLimiters.writes;
    const release = await rateLimiter.acquire(priority, deadline, isRetry || rejected !== undefined);
    let wasSent = true;
    let token: string;
    let response: GraphResponse;
    try {
      deadline.start();
      token = await tokenFor(context, rejected);
      if (!isRead) await hooks?.beforeSend();
      deadline.throwIfCancelled();
      response = await sender.send(request, {
        token,
        limit: deadline,
        batchGroup: caller,
        // From here on, the outcome of a write is determined even if the caller disconnects.
        onSent: isRead ? undefined : () => deadline.commit(),
      });
    } catch (error) {
      wasSent = error instanceof TransportError && error.wasSent;
      deadline.throwIfCancelled();
      throw error instanceof TransportError ? errorFromTransport(error) : error;
    } finally {
      release(wasSent);
    }
    const { status } = response;
    if (status >= 200 && status < 300 && !(status === 202 && isQueuedForApproval(response))) return response;
    const error = errorFromResponse(response);
    if (error.reason === 'THROTTLED') rateLimiter.pauseBulk(error.details.retryAfterMs ?? defaultBulkPauseMs);
    // Graph also responds with 401 if the token is valid but a permission is missing. A new token does not help then.
    if (error.reason !== 'CREDENTIAL_UNAVAILABLE') throw error;
    if (rejected !== undefined) throw error.withReason(caller.tokens.rejectionReason, 'not-applied');
    return attempt(request, context, isRetry, { token, response });
  }

  return {
    attempt: (request, context, isRetry) => attempt(request, context, isRetry),
    async read(path, parse, context) {
      const { deadline } = context;
      for (let attempts = 1; ; attempts++) {
        try {
          return parse(await attempt({ method: 'GET', path }, context, attempts > 1));
        } catch (error) {
          deadline.throwIfCancelled();
          const failure = requireCallError(error);
          if (failure.certainty === 'not-applied') throw failure;
          const { waitMs, isAllowed, finalFailure } = planRetry(failure, attempts, deadline);
          if (!isAllowed || failure.reason === 'GRAPH_PROTOCOL') {
            throw deadline.isExpired ? failure.withReason('GRAPH_TIMEOUT', 'not-applied') : finalFailure;
          }
          await deadline.wait(waitMs);
          deadline.throwIfCancelled();
        }
      }
    },
  };
}

function tokenFor({ caller: { tokens }, deadline }: CallContext, rejected?: RejectedToken): Promise<string> {
  // A cached token needs no signal, so the deadline creates it only if it is read.
  if (rejected === undefined) return tokens.get(deadline);
  const { token, response } = rejected;
  const claims = claimsFromChallenge(response);
  return tokens.get({ signal: deadline.signal, claims, rejectedToken: token }).catch((error: unknown) => {
    throw errorFromResponse(response).withReason(requireCallError(error).reason, 'not-applied', { cause: error });
  });
}

function errorFromTransport(cause: TransportError): CallError {
  const { wasSent, failure, ids: graph } = cause;
  if (!wasSent) return new CallError('GRAPH_UNAVAILABLE', { certainty: 'deferred', graph, cause });
  return new CallError(failureReasons[failure], { certainty: 'unknown', graph, cause });
}

const failureReasons = {
  connection: 'GRAPH_UNAVAILABLE',
  'invalid-response': 'GRAPH_PROTOCOL',
  aborted: 'GRAPH_TIMEOUT',
} as const satisfies Record<TransportFailure, CallReason>;
