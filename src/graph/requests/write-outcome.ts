import { CallError } from '../../errors.js';
import type { Deadline } from '../../scheduling/deadline.js';
import type { WriteResult } from '../graph.js';
import { waitBefore } from '../wire/retry-after.js';
import type { GraphRequest, GraphResponse } from '../wire/transport.js';
import { asCallError, type GraphClient, waitForRetry } from './attempt.js';

/** One write, and how to tell what became of it. */
export interface Write<T> {
  readonly request: GraphRequest;
  /** What a 2xx answer shows; `undefined` when it doesn't show that the write is done. */
  readonly shownBy: (answer: GraphResponse) => T | undefined;
  /** Looks whether the write is done; `undefined` when it is not. Throws when that can't be told. */
  readonly readBack: (deadline: Deadline) => Promise<T | undefined>;
  /**
   * What sending it again would do.
   * - `absolute`: nothing that sending it once doesn't
   * - `queued`: perhaps queue it for approval a second time; and a read that shows the old values proves nothing
   * - `once`: make a second thing
   *
   * A request that surely never left may always be sent again.
   */
  readonly nature: 'absolute' | 'queued' | 'once';
}

/** Sends writes and finds out what became of them. */
export type Writer = <T>(write: Write<T>, deadline: Deadline) => Promise<WriteResult<T>>;

/** A 2xx that does not show its result is looked after this many times before the write is sent once more. */
const looksAfterSuccess = 3;

/**
 * The rules of outcome: a write is reported done only when Graph's answer or a read after it shows it, and failed only
 * when it is known not to be applied. Everything else is `OUTCOME_UNKNOWN`.
 */
export function createWriter(client: GraphClient): Writer {
  return async <T>(write: Write<T>, caller: Deadline): Promise<WriteResult<T>> => {
    const deadline = caller.seenThrough();
    const doubts = createDoubts(write.nature);
    let repeated = false;

    async function attempt(again: boolean): Promise<WriteResult<T> | CallError> {
      try {
        // Until a request has left, the caller may call it off.
        const patience = doubts.left ? deadline : caller;
        const answer = await client.attempt(write.request, { deadline, patience, again });
        const value = write.shownBy(answer);
        if (value !== undefined) return { value, graph: answer.ids };
        return new CallError('OUTCOME_UNKNOWN', { certainty: 'doubtful', graph: answer.ids, status: answer.status });
      } catch (error) {
        return asCallError(error);
      }
    }

    for (let attempts = 1; ; attempts++) {
      const result = await attempt(attempts > 1);
      if (!(result instanceof CallError)) return result;

      const isFirst = !doubts.left;
      doubts.note(result);
      // A refusal settles the first request; of the ones before it, it says nothing.
      if (result.reason === 'APPROVAL_PENDING' || (result.certainty === 'refused' && isFirst)) throw result;

      let failure = result;
      if (result.certainty === 'later' && (!hasLeft(result) || write.nature === 'absolute')) {
        const over = await waitForRetry(result, attempts, doubts.left ? deadline : caller);
        if (over === undefined) continue;
        failure = over;
      }
      if (!doubts.left) throw failure;

      const found = await look(write, result, deadline);
      if (found instanceof CallError) {
        const { certainty } = result;
        throw doubts.verdict(
          found.reason === 'GRAPH_NOT_FOUND' ? found : failure.as(failure.reason, { certainty }),
          found,
        );
      }
      if (found !== undefined) return { value: found.value, graph: result.details.graph ?? {} };
      doubts.settle();
      if (
        result.certainty !== 'doubtful' ||
        repeated ||
        write.nature !== 'absolute' ||
        !deadline.allowsAttemptAfter(0)
      ) {
        throw doubts.verdict(failure);
      }
      repeated = true;
      await deadline.wait(Math.min(waitBefore(attempts, undefined), deadline.remainingMs() / 4));
    }
  };
}

/** Whether the request of a failed attempt was sent: an answer came, or it is at least in doubt. */
function hasLeft({ certainty, details }: CallError): boolean {
  return certainty === 'doubtful' || details.status !== undefined;
}

/** Whether Graph is done with a doubtful request: it said itself that it failed. A gateway's 504 says nothing of it. */
function isOver({ details: { status } }: CallError): boolean {
  return status !== undefined && status >= 500 && status !== 504;
}

/** What is in doubt after the attempts so far, whatever the last of them said. */
function createDoubts(nature: Write<unknown>['nature']) {
  let left = false;
  let unsettled = false;
  let mayStillLand = false;
  let wasPutOff = false;
  return {
    /** Whether any request has left. */
    get left() {
      return left;
    },
    note(failure: CallError): void {
      const isPutOff = failure.certainty === 'later' && hasLeft(failure);
      // Of a write that was put off, Graph's "not now" may be told, and so may that its session is over. What else comes of
      // another attempt says nothing of it.
      unsettled ||= wasPutOff && !isPutOff && failure.reason !== 'SIGN_IN_REQUIRED';
      wasPutOff ||= isPutOff;
      left ||= hasLeft(failure);
      // "Not now" has been seen on writes that were applied all the same: what makes a second thing can't rely on it.
      unsettled ||= failure.certainty === 'doubtful' || (failure.certainty === 'later' && left && nature === 'once');
      mayStillLand ||= failure.certainty === 'doubtful' && (nature === 'queued' || !isOver(failure));
    },
    /** A read has shown the old values. */
    settle(): void {
      unsettled = false;
      wasPutOff = false;
    },
    /** The error to end with. */
    verdict(failure: CallError, cause: CallError = failure): CallError {
      return unsettled || mayStillLand ? failure.as('OUTCOME_UNKNOWN', { cause }) : failure;
    },
  };
}

/**
 * Looks what became of a write.
 *
 * @returns the value when it is done, `undefined` when a read shows that it is not, an error when that can't be told;
 *   `GRAPH_NOT_FOUND` when there is nothing that could be written to
 */
async function look<T>(
  { readBack }: Write<T>,
  failure: CallError,
  deadline: Deadline,
): Promise<{ readonly value: T } | CallError | undefined> {
  const accepted = (failure.details.status ?? 500) < 300;
  try {
    for (let looks = 1; ; looks++) {
      const value = await readBack(deadline);
      if (value !== undefined) return { value };
      const waitMs = waitBefore(looks, undefined);
      if (!accepted || looks >= looksAfterSuccess || !deadline.allowsAttemptAfter(waitMs)) return undefined;
      await deadline.wait(waitMs);
    }
  } catch (error) {
    return asCallError(error);
  }
}
