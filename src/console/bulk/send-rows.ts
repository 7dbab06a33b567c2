import { describeFailure, type Failure, failureOf } from '../failure.js';
import type { trpc } from '../trpc.js';
import { chunksOf } from './chunks.js';
import type { Approval, Row, RowFailure } from './rows.js';

/** What is to be sent, and who wants to hear what came of it. */
export interface Sending {
  readonly rows: readonly Row[];
  readonly approval: Approval | undefined;
  /** Aborts when nobody wants the rest to be sent. */
  readonly signal: AbortSignal;
  readonly call: typeof trpc.scriptUserState.updateMany.mutate;
  /** Called once for every row, by its place among them; without a failure it is changed. */
  readonly onRow: (index: number, failure: RowFailure | undefined) => void;
}

/** How sending came to an end: with an answer to every row, by the person, or by what went wrong. */
export type Ending =
  | { readonly state: 'over' }
  | { readonly state: 'cancelled' }
  | { readonly state: 'broken'; readonly failure: Failure };

const notSent: RowFailure = {
  reason: 'NOT_SENT',
  title: 'It was not sent',
  next: 'Nothing was changed here. Send it again when you are ready.',
};

/**
 * Sends rows call by call, each when the one before is over, so that their order is kept. Never rejects; every row is
 * told of, those too that nobody knows the outcome of.
 */
export async function sendRows({ rows, approval, signal, call, onRow }: Sending): Promise<Ending> {
  const told = new Uint8Array(rows.length);
  let from = 0;
  let ending: Ending = { state: 'over' };

  function tell(index: number, failure: RowFailure | undefined): void {
    if (told[index] !== 0) return;
    told[index] = 1;
    onRow(index, failure);
  }

  /** How it ended, and what is to be said of the rows that had no answer by then. */
  async function send(updates: readonly Row[]): Promise<readonly [Ending, RowFailure]> {
    let answered = false;
    try {
      const results = await call({ updates: [...updates], approval }, { signal });
      answered = true;
      for await (const each of results) {
        if ('index' in each) tell(from + each.index, each.ok ? undefined : failureOfRow(each.error));
      }
      if (!told.subarray(from, from + updates.length).includes(0)) return [{ state: 'over' }, lost];
      if (!signal.aborted) return [{ state: 'broken', failure: lost }, lost];
    } catch (thrown) {
      const failure = failureOf(thrown, true);
      // The service refused the call as a whole, and says why: that goes for every row. Once it has begun to answer,
      // what goes wrong says nothing of any row.
      if (!signal.aborted) return [{ state: 'broken', failure }, answered ? lost : failure];
    }
    return [{ state: 'cancelled' }, abandoned];
  }

  for (const chunk of chunksOf(rows)) {
    let left = notSent;
    if (ending.state === 'over') {
      if (signal.aborted) ending = { state: 'cancelled' };
      else [ending, left] = await send(chunk);
    }
    for (let index = from; index < from + chunk.length; index++) tell(index, left);
    from += chunk.length;
  }
  return ending;
}

/** What is sent together carries no code of an approval; a row that waits for one has to be sent by itself. */
function failureOfRow(error: Parameters<typeof describeFailure>[0]): RowFailure {
  const failure = describeFailure(error);
  if (failure.reason !== 'APPROVAL_PENDING') return failure;
  return { ...failure, next: 'Give them the code. Once it is approved, send this change again from its own row.' };
}

const lost = failureOf(undefined, true);
const abandoned: RowFailure = { ...lost, detail: 'You cancelled before the answer to it came.' };
