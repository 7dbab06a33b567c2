import { setImmediate as immediate } from 'node:timers/promises';
import { CallError } from '../errors.js';
import type { Deadline } from './deadline.js';
import type { Priority, RequestPriority } from './priority.js';
import { createRoundRobinQueue } from './round-robin-queue.js';
import type { Granted, Lanes, Release, SharedSlots, Slots } from './slot-pool.js';

/** However long Graph asks for, after this the next one asks again. */
const longestSlowMs = 300_000;

/** Bulk work is started in slices of one batch, between which others get a word in. */
const slice = 20;

/** When the slots could not be asked for, they are asked for again after this. */
const afterFailureMs = 250;

/** What a quota is at. */
export interface Usage {
  readonly limit: number;
  /** Not known while others can't be asked. */
  readonly used: number | undefined;
  readonly waiting: Lanes;
}

/** Lets as many requests out as Graph takes, each in its turn. */
export interface RateLimiter {
  /**
   * Waits for a slot of the window. Callers take turns, interactive calls go before bulk.
   *
   * @param again for a further attempt of a call: before the caller's other calls
   * @throws {CallError} `THROTTLED` at once when the turn can't come within the deadline; `OVERLOADED`
   *   when the slots can't be asked for; or why it was called off
   */
  take(turn: RequestPriority, deadline: Deadline, again: boolean): Promise<Release>;
  /** Graph wants fewer, since others share its quota: bulk work waits for so long. */
  slow(ms: number): void;
  /** How many slots there are, how many are in use, and how many calls wait for one. */
  usage(): Promise<Usage>;
}

interface Waiter {
  readonly turn: RequestPriority;
  readonly again: boolean;
  readonly deadline: Deadline;
  readonly resolve: (release: Release) => void;
  readonly reject: (error: CallError) => void;
  lane: Priority;
  /** How many had to go first when it joined, or went over to the other lane. */
  ahead: number;
  startedBefore: number;
  isSettled: boolean;
  /** Once it has to wait: to be told no more that its time is over. */
  forget: (() => void) | undefined;
}

/** Hands the slots of a window to those who wait for them. */
export function createRateLimiter(slots: Slots): RateLimiter {
  const lanes = { interactive: createRoundRobinQueue<Waiter>(), bulk: createRoundRobinQueue<Waiter>() };
  const started = { interactive: 0, bulk: 0 };
  /** Those who have not been told yet whether their turn can come in time. */
  const unjudged = new Set<Waiter>();
  let earliest: Granted['earliest'] | undefined;
  let slowUntil = 0;
  let isAsking = false;
  let askAgain = false;
  let failure: CallError | undefined;
  let timer: NodeJS.Timeout | undefined;
  let more: NodeJS.Immediate | undefined;

  slots.whenFreed(() => {
    if (lanes.interactive.size + lanes.bulk.size > 0) hand();
  });

  /** What is to be had for those who wait. */
  function wantedNow(): Lanes {
    const isHeld = performance.now() < slowUntil || more !== undefined;
    return { interactive: lanes.interactive.size, bulk: isHeld ? 0 : Math.min(lanes.bulk.size, slice) };
  }

  /** Gets slots for those who wait. */
  function hand(): void {
    clearTimeout(timer);
    const wanted = wantedNow();
    if (wanted.interactive + wanted.bulk === 0) {
      if (more === undefined) judge(unjudged);
      if (lanes.bulk.size > 0 && performance.now() < slowUntil) handAt(slowUntil);
    } else if (slots.grant !== undefined) deal(slots.grant(wanted), wanted, unjudged);
    else if (isAsking) askAgain = true;
    else void ask(slots.ask);
  }

  async function ask(askOthers: SharedSlots['ask']): Promise<void> {
    isAsking = true;
    // What is ready in the same turn of the event loop is asked for together.
    await immediate();
    askAgain = false;
    const wanted = wantedNow();
    const asked = new Set(unjudged);
    const granted = await askOthers(wanted);
    isAsking = false;
    failure = granted instanceof CallError ? granted : undefined;
    if (granted instanceof CallError) handAt(performance.now() + afterFailureMs);
    else deal(granted, wanted, asked);
    if (askAgain) hand();
  }

  function deal(granted: Granted, wanted: Lanes, asked: ReadonlySet<Waiter>): void {
    ({ earliest } = granted);
    for (const lane of ['interactive', 'bulk'] as const) {
      for (const release of granted[lane]) {
        // Who waited in the bulk lane may have gone over meanwhile.
        const waiter = lanes[lane].shift() ?? lanes.interactive.shift();
        if (waiter === undefined) release(false);
        else start(waiter, release);
      }
    }
    // Of a lane that got all it wanted the answer doesn't say how long the next one waits.
    const isSlow = performance.now() < slowUntil;
    const short = {
      interactive: granted.interactive.length < wanted.interactive,
      bulk: granted.bulk.length < wanted.bulk || isSlow,
    };
    judge(new Set([...asked].filter(({ lane }) => short[lane])));
    if (lanes.interactive.size + lanes.bulk.size === 0) return;
    const isShort = short.interactive || granted.bulk.length < wanted.bulk;
    if (lanes.bulk.size > 0 && !isShort && more === undefined && wanted.bulk > 0) {
      more = setImmediate(() => {
        more = undefined;
        hand();
      });
    } else if (isShort) handAt(granted.nextAt);
    else if (lanes.bulk.size > 0 && more === undefined) handAt(slowUntil);
  }

  function handAt(at: number): void {
    clearTimeout(timer);
    if (at < Infinity) timer = setTimeout(hand, Math.max(1, Math.ceil(at - performance.now())));
  }

  function start(waiter: Waiter, release: Release): void {
    started[waiter.lane]++;
    settle(waiter);
    waiter.resolve(release);
  }

  function settle(waiter: Waiter): void {
    waiter.isSettled = true;
    unjudged.delete(waiter);
    waiter.forget?.();
    waiter.turn.whenHurried = undefined;
  }

  function refuse(waiter: Waiter, error: CallError): void {
    settle(waiter);
    lanes[waiter.lane].remove(waiter.turn.caller, waiter);
    if (lanes.interactive.size + lanes.bulk.size === 0) clearTimeout(timer);
    waiter.reject(error);
  }

  /** Tells those whose turn can't come in time, and lets the others wait. */
  function judge(waiters: ReadonlySet<Waiter>): void {
    for (const waiter of waiters) {
      if (!unjudged.delete(waiter)) continue;
      const waitMs = untilTurnMs(waiter);
      const { deadline } = waiter;
      if (!deadline.allowsAttemptAfter(waitMs)) refuse(waiter, new CallError('THROTTLED', { retryAfterMs: waitMs }));
    }
  }

  /** How long a call has to wait, at the least. */
  function untilTurnMs({ lane, ahead, startedBefore }: Waiter): number {
    const now = performance.now();
    const slotAt = earliest?.(Math.max(0, ahead - (started[lane] - startedBefore))) ?? now;
    return Math.max(1, Math.ceil((lane === 'bulk' ? Math.max(slotAt, slowUntil) : slotAt) - now));
  }

  /** Most calls never wait, so what a wait needs is made only now. */
  function attend(waiter: Waiter): void {
    const { deadline, turn } = waiter;
    if (deadline.over) {
      refuse(waiter, notInTime(waiter));
      return;
    }
    waiter.forget = deadline.whenOver(() => refuse(waiter, notInTime(waiter)));
    turn.whenHurried = () => {
      lanes[waiter.lane].remove(turn.caller, waiter);
      waiter.lane = 'interactive';
      join(waiter);
      hand();
    };
  }

  function join(waiter: Waiter): void {
    const { turn, again } = waiter;
    const lane = lanes[waiter.lane];
    waiter.ahead = lane.size === 0 ? 0 : lane.ahead(turn.caller, again);
    waiter.startedBefore = started[waiter.lane];
    lane.push(turn.caller, waiter, again);
  }

  function notInTime(waiter: Waiter): CallError {
    if (!waiter.deadline.expired) return waiter.deadline.calledOff;
    return failure ?? new CallError('THROTTLED', { retryAfterMs: untilTurnMs(waiter) });
  }

  return {
    async take(turn, deadline, again) {
      const { lane } = turn;
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          turn,
          again,
          deadline,
          resolve,
          reject,
          lane,
          ahead: 0,
          startedBefore: 0,
          forget: undefined,
          isSettled: false,
        };
        join(waiter);
        unjudged.add(waiter);
        hand();
        if (!waiter.isSettled) attend(waiter);
      });
    },
    slow(ms) {
      slowUntil = Math.max(slowUntil, performance.now() + Math.min(ms, longestSlowMs));
    },
    async usage() {
      const waiting = { interactive: lanes.interactive.size, bulk: lanes.bulk.size };
      const used = await Promise.resolve(slots.used()).catch(() => undefined);
      return { limit: slots.limit, used, waiting };
    },
  };
}
