import { asGraphError, attemptSignal, type GraphClient, waitForRetry } from './client.js';
import type { Deadline } from './deadline.js';
import { GraphError } from './errors.js';
import type { Written } from './graph.js';
import type { Quota } from './quota.js';
import { waitBefore } from './retry-after.js';
import type { Answer, WireRequest } from './transport.js';

/** One write, and how to tell what became of it. */
export interface Write<T> {
  readonly request: WireRequest;
  /** What a 2xx answer shows; `undefined` when it doesn't show that the write is done. */
  readonly shownBy: (answer: Answer) => T | undefined;
  /** Looks whether the write is done; `undefined` when it is not. Without it a doubt can't be settled. */
  readonly readBack?: (deadline: Deadline) => Promise<T | undefined>;
  /** Whether it may be sent again when Graph said "not now". A request that surely never left always may. */
  readonly repeatLater: boolean;
  /** Whether it may be sent once more when a read has shown that it was not applied. */
  readonly repeatUnapplied: boolean;
}

/** Sends writes and finds out what became of them. */
export type Writer = <T>(write: Write<T>, deadline: Deadline) => Promise<Written<T>>;

/**
 * The rules of outcome: a write is reported done only when Graph's answer or a read after it shows it, and failed only
 * when it is known not to be applied. Everything else is `OUTCOME_UNKNOWN`.
 */
export function createWriter(client: GraphClient, quota: Quota): Writer {
  return async <T>(write: Write<T>, caller: Deadline): Promise<Written<T>> => {
    const deadline = caller.seenThrough();
    // Until a request has left, the caller may call it off; and a refusal says nothing of the requests before it.
    let left = false;
    let doubt: GraphError | undefined;
    const orDoubt = (error: unknown) => {
      throw doubt === undefined ? error : verdict(doubt);
    };

    async function send(): Promise<Written<T> | GraphError> {
      const giveBack = await quota.take(left ? deadline : caller);
      try {
        const answer = await client.attempt(write.request, attemptSignal(deadline));
        const value = write.shownBy(answer);
        if (value !== undefined) return { value, graph: answer.ids };
        return new GraphError('OUTCOME_UNKNOWN', { certainty: 'doubtful', graph: answer.ids, status: answer.status });
      } catch (error) {
        return asGraphError(error);
      } finally {
        giveBack();
      }
    }

    for (let attempts = 1; ; attempts++) {
      if (!left) caller.throwIfClosed();
      const failure = await send().catch(orDoubt);
      if (!(failure instanceof GraphError)) return failure;

      const unsent = failure.certainty === 'later' && failure.details.status === undefined;
      if (failure.certainty === 'refused' && !left) throw failure;
      left ||= !unsent;

      let over: GraphError | undefined;
      if (unsent || (failure.certainty === 'later' && write.repeatLater)) {
        over = await waitForRetry(failure, attempts, left ? deadline : caller);
        if (over === undefined) continue;
        if (unsent) return orDoubt(over);
      }

      const found = await settle(write, failure, deadline);
      if (found !== undefined) return { value: found, graph: failure.details.graph ?? {} };
      if (over !== undefined) return orDoubt(over);
      if (failure.certainty === 'refused') throw failure;
      if (doubt !== undefined || !write.repeatUnapplied) throw verdict(failure);
      doubt = failure;
      await deadline.wait(Math.min(waitBefore(attempts, undefined), deadline.remainingMs() / 4));
    }
  };
}

/** Looks what became of a write, so that nothing has to be guessed. Throws when that can't be told. */
async function settle<T>(write: Write<T>, failure: GraphError, deadline: Deadline): Promise<T | undefined> {
  const unsettled = (cause?: unknown) =>
    failure.certainty === 'doubtful' ? failure.as('OUTCOME_UNKNOWN', { cause }) : failure;
  if (write.readBack === undefined) throw unsettled();
  try {
    return await write.readBack(deadline);
  } catch (error) {
    const cause = asGraphError(error);
    throw cause.reason === 'GRAPH_NOT_FOUND' ? cause : unsettled(cause);
  }
}

/** A read after the write shows that it was not applied. It still may be, where Graph could be at work on it. */
function verdict(doubt: GraphError): GraphError {
  if (doubt.certainty === 'later') return doubt;
  const finished = doubt.reason === 'GRAPH_UNAVAILABLE' && doubt.details.timedOut !== true;
  return doubt.as(finished ? 'GRAPH_UNAVAILABLE' : 'OUTCOME_UNKNOWN');
}
