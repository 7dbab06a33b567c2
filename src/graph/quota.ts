import type { Deadline } from './deadline.js';
import { GraphError } from './errors.js';
import { createFairQueue } from './fair-queue.js';
import type { Lane, Turn } from './turn.js';
import { createWindow } from './window.js';

/** Graph counts requests over this span. */
const windowMs = 20_000;

/** Of this many slots, bulk work leaves one free for those who wait for an answer. */
const slotsPerReserved = 20;

/** However long Graph asks for, after this the next one asks again. */
const longestSlowMs = 300_000;

/** Bulk work is started in slices of one batch, between which others get a word in. */
const slice = 20;

/** To be called when the attempt is over: a slot that was used comes back one window later, else at once. */
export type Release = (used: boolean) => void;

/** Lets as many requests out as Graph takes, each in its turn. */
export interface Quota {
  /**
   * Waits for a slot of the window. Callers take turns, interactive calls go before bulk.
   *
   * @param again for a further attempt of a call: before the caller's other calls
   * @throws {GraphError} `THROTTLED` at once when the turn can't come within the deadline; `CLIENT_CLOSED`;
   *   `OVERLOADED` for bulk work that is not begun any more
   */
  take(turn: Turn, deadline: Deadline, again: boolean): Promise<Release>;
  /** Graph wants fewer, since others share its quota: bulk work waits for so long. */
  slow(ms: number): void;
  /** From here on no bulk work is begun, and what waits is told so. What has been sent may still be sent again. */
  endBulk(): void;
}

interface Waiter {
  readonly turn: Turn;
  readonly again: boolean;
  readonly start: () => void;
  readonly refuse: (error: GraphError) => void;
}

/** A sliding window of `limit` requests, as Graph sees it: a slot is in use from before its request until a window after its answer. */
export function createQuota(limit: number): Quota {
  const window = createWindow(limit, windowMs);
  const reserved = limit === 1 ? 0 : Math.max(1, Math.floor(limit / slotsPerReserved));
  const lanes = { interactive: createFairQueue<Waiter>(), bulk: createFairQueue<Waiter>() };
  let slowUntil = 0;
  let bulkEnded = false;
  let timer: NodeJS.Timeout | undefined;
  let more: NodeJS.Immediate | undefined;

  const isFree = (lane: Lane, now: number): boolean =>
    lane === 'interactive' ? window.free > 0 : window.free > reserved && now >= slowUntil;

  function hand(): void {
    const now = performance.now();
    window.refill(now);
    while (lanes.interactive.size > 0 && isFree('interactive', now)) start('interactive');
    if (more !== undefined) return;
    for (let started = 0; lanes.bulk.size > 0 && isFree('bulk', now); started++) {
      if (started === slice) {
        more = setImmediate(() => {
          more = undefined;
          hand();
        });
        return;
      }
      start('bulk');
    }
    clearTimeout(timer);
    if (lanes.interactive.size + lanes.bulk.size === 0) return;
    const next = lanes.bulk.size > 0 && window.free > reserved ? slowUntil : window.nextAt;
    if (next < Infinity) timer = setTimeout(hand, Math.max(1, Math.ceil(next - now)));
  }

  function start(lane: Lane): void {
    window.take();
    lanes[lane].shift()?.start();
  }

  function giveBack(used: boolean): void {
    window.giveBack(used, performance.now());
    if (lanes.interactive.size + lanes.bulk.size > 0) hand();
  }

  /** How long a call that joins the queue now has to wait, at the least. */
  function untilTurnMs({ caller, lane }: Turn, again: boolean): number {
    const now = performance.now();
    const slotAt = window.earliest(lanes[lane].ahead(caller, again), now);
    return Math.max(1, Math.ceil((lane === 'bulk' ? Math.max(slotAt, slowUntil) : slotAt) - now));
  }

  function wait(turn: Turn, deadline: Deadline, again: boolean): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      let { lane } = turn;
      const settle = () => {
        forget();
        turn.whenHurried = undefined;
      };
      const waiter: Waiter = {
        turn,
        again,
        start() {
          settle();
          resolve();
        },
        refuse(error) {
          settle();
          lanes[lane].remove(turn.caller, waiter);
          if (lanes.interactive.size + lanes.bulk.size === 0) clearTimeout(timer);
          reject(error);
        },
      };
      const forget = deadline.whenOver(() => waiter.refuse(notInTime(deadline, untilTurnMs(turn, again))));
      turn.whenHurried = () => {
        lanes[lane].remove(turn.caller, waiter);
        lane = 'interactive';
        lanes.interactive.push(turn.caller, waiter, again);
        hand();
      };
      lanes[lane].push(turn.caller, waiter, again);
      hand();
    });
  }

  return {
    async take(turn, deadline, again) {
      const { lane } = turn;
      if (lane === 'bulk' && bulkEnded && !again) throw endedError();
      // What has come back meanwhile is for those who wait.
      hand();
      if (lanes[lane].size === 0 && isFree(lane, performance.now())) {
        window.take();
        return giveBack;
      }
      const waitMs = untilTurnMs(turn, again);
      if (!deadline.allowsAttemptAfter(waitMs)) throw new GraphError('THROTTLED', { retryAfterMs: waitMs });
      if (deadline.over) throw notInTime(deadline, waitMs);
      await wait(turn, deadline, again);
      return giveBack;
    },
    slow(ms) {
      slowUntil = Math.max(slowUntil, performance.now() + Math.min(ms, longestSlowMs));
    },
    endBulk() {
      bulkEnded = true;
      const waiting = Array.from({ length: lanes.bulk.size }, () => lanes.bulk.shift()).filter(
        (each) => each !== undefined,
      );
      for (const waiter of waiting) {
        if (waiter.again) lanes.bulk.push(waiter.turn.caller, waiter, false);
        else waiter.refuse(endedError());
      }
    },
  };
}

function notInTime(deadline: Deadline, retryAfterMs: number): GraphError {
  return deadline.expired ? new GraphError('THROTTLED', { retryAfterMs }) : new GraphError('CLIENT_CLOSED');
}

function endedError(): GraphError {
  return new GraphError('OVERLOADED', { retryAfterMs: windowMs, cause: new Error('the service is stopping') });
}
