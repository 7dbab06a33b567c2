import { CallError, requireCallError } from '../../errors.js';
import type { WriteResult } from '../graph.js';
import type { GraphRequest, GraphResponse } from '../wire/transport.js';
import type { CallContext } from './call-context.js';
import type { GraphClient } from './graph-client.js';
import { backoffMs, planRetry } from './retry-plan.js';
import { type FailedAttempt, nextStep, type RetrySafety } from './write-outcome.js';

/** One write, and how to verify whether it was applied. */
export interface Write<T> {
  readonly request: GraphRequest;
  readonly retrySafety: RetrySafety;
  /** Returns the result in a 2xx response; `undefined` if it does not show that the write was applied. */
  readonly confirmedBy: (response: GraphResponse) => T | undefined;
  /** Reads the result of the write; `undefined` if it was not applied. */
  readonly verify: (context: CallContext) => Promise<T | undefined>;
}

/** Sends writes and determines their outcome. @throws {CallError} */
export type Writer = <T>(write: Write<T>, context: CallContext) => Promise<WriteResult<T>>;

/** The maximum number of reads after a 2xx response that does not show its result: Graph may apply it with a delay. */
const readsAfterSuccess = 3;

/** Creates a writer: a loop that follows {@link nextStep}. */
export function createWriter(client: GraphClient): Writer {
  return async (write, context) => {
    const { retrySafety } = write;
    const { deadline } = context;
    const attempts: FailedAttempt[] = [];
    for (;;) {
      const result = await attemptWrite(client, write, context, attempts.length > 0);
      if (!(result instanceof CallError)) return result;

      const { finalFailure, isAllowed, ...retry } = planRetry(result, attempts.length + 1, deadline);
      let { waitMs } = retry;
      let last: FailedAttempt = { failure: isAllowed ? result : finalFailure };
      let step = nextStep({ retrySafety, attempts: [...attempts, last], mayRetry: isAllowed });
      if (step === 'verify') {
        const found = await verify(write, result, context);
        if (found !== 'not-applied' && !(found instanceof CallError)) return found;
        last = { ...last, verification: found };
        step = nextStep({ retrySafety, attempts: [...attempts, last], mayRetry: deadline.allowsAttemptAfter(0) });
        waitMs = Math.min(backoffMs(attempts.length + 1, undefined), deadline.remainingMs / 4);
      }
      if (step instanceof CallError) throw step;
      attempts.push(last);
      await deadline.wait(waitMs);
    }
  };
}

/** Makes one attempt. Returns the error of a failed one. */
async function attemptWrite<T>(
  client: GraphClient,
  { request, confirmedBy }: Write<T>,
  context: CallContext,
  isRetry: boolean,
): Promise<WriteResult<T> | CallError> {
  try {
    const response = await client.attempt(request, context, isRetry);
    const value = confirmedBy(response);
    if (value !== undefined) return { value, graph: response.ids };
    const { ids: graph, status } = response;
    return new CallError('OUTCOME_UNKNOWN', { certainty: 'unknown', graph, status });
  } catch (error) {
    return requireCallError(error);
  }
}

/** Reads after a failed attempt. Returns the error if the outcome cannot be read. */
async function verify<T>(
  write: Write<T>,
  { details: { status = 500, graph = {} } }: CallError,
  context: CallContext,
): Promise<WriteResult<T> | 'not-applied' | CallError> {
  const maxReads = status < 300 ? readsAfterSuccess : 1;
  const { deadline } = context;
  try {
    for (let reads = 1; ; reads++) {
      const value = await write.verify(context);
      if (value !== undefined) return { value, graph };
      const waitMs = backoffMs(reads, undefined);
      if (reads >= maxReads || !deadline.allowsAttemptAfter(waitMs)) return 'not-applied';
      await deadline.wait(waitMs);
    }
  } catch (error) {
    return requireCallError(error);
  }
}
