import type { CallError } from '../errors.js';
import type { Priority } from './priority.js';
import { createSlidingWindow } from './sliding-window.js';

/** Graph counts requests over this span. */
export const windowMs = 20_000;

/** Of this many slots, bulk work leaves one free for those who wait for an answer. */
const slotsPerReserved = 20;

/** To be called when the attempt is over: a slot that was used comes back one window later, else at once. */
export type Release = (used: boolean) => void;

/** How many are wanted, or waiting, in each lane. */
export type Lanes = Readonly<Record<Priority, number>>;

/** What came of asking for slots. */
export interface Granted {
  /** Slots for either lane, never more than were wanted. */
  readonly interactive: readonly Release[];
  readonly bulk: readonly Release[];
  /** When it is worth asking again, in milliseconds of `performance.now()`; without an end, when one is given back. */
  readonly nextAt: number;
  /** When somebody gets a slot who has so many others ahead, at the earliest. */
  readonly earliest: (ahead: number) => number;
}

/** The slots of a window: as many requests as Graph takes in it, each in use from before it until a window after its answer. */
interface Budget {
  readonly limit: number;
  /** Calls back when a slot has come back of which nobody knew when. */
  whenFreed(listener: () => void): void;
}

/** Those of one process. */
export interface LocalSlots extends Budget {
  /** Hands out slots: to bulk work as long as some are left over for the others. */
  readonly grant: (wanted: Lanes) => Granted;
  readonly used: () => number;
}

/** Those that replicas share. */
export interface SharedSlots extends Budget {
  readonly grant?: undefined;
  /** The same, once the others have been asked; or `OVERLOADED`, when they can't be. */
  readonly ask: (wanted: Lanes) => Promise<Granted | CallError>;
  /** @throws {CallError} `OVERLOADED` */
  readonly used: () => Promise<number>;
}

/** Which slots replicas share. */
export interface SharedSlotsOptions {
  /** Those of one name are the same for all replicas. */
  readonly name: string;
  readonly limit: number;
  /** The longest that one call may take. */
  readonly deadlineMs: number;
}

/** Of either kind. */
export type Slots = LocalSlots | SharedSlots;

/** How many of the slots bulk work never takes. */
export function reservedOf(limit: number): number {
  return limit === 1 ? 0 : Math.max(1, Math.floor(limit / slotsPerReserved));
}

/** The slots of this process alone. */
export function createLocalSlots(limit: number): LocalSlots {
  const window = createSlidingWindow(limit, windowMs);
  const reserved = reservedOf(limit);
  let freed: (() => void) | undefined;

  const release: Release = (used) => {
    window.giveBack(used, performance.now());
    freed?.();
  };

  function take(count: number): readonly Release[] {
    for (let taken = 0; taken < count; taken++) window.take();
    return Array.from({ length: count }, () => release);
  }

  return {
    limit,
    grant({ interactive, bulk }) {
      const now = performance.now();
      window.refill(now);
      const first = take(Math.min(interactive, window.free));
      const rest = take(Math.max(0, Math.min(bulk, window.free - reserved)));
      const { free } = window;
      const earliest = (ahead: number) =>
        ahead < free ? performance.now() : window.earliest(ahead - free, performance.now());
      return { interactive: first, bulk: rest, nextAt: window.nextAt, earliest };
    },
    whenFreed(listener) {
      freed = listener;
    },
    used() {
      window.refill(performance.now());
      return limit - window.free;
    },
  };
}
