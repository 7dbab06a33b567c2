import { setTimeout as sleep } from 'node:timers/promises';
import { CallError } from '../errors.js';
import type { WaitLimit } from './wait-limit.js';

/** Less time than this, or than a quarter of the whole, makes a write's outcome unknown rather than done. */
const attemptMs = 1_000;

/**
 * The time one call has, waits and retries included, and the caller's wish to stop it.
 *
 * Most calls never wait, so timers and signals are made when they are first needed. They are its own: on Node 20 the
 * signals that `AbortSignal.any` makes of `AbortSignal.timeout` can be collected as garbage before they abort
 * (https://github.com/nodejs/node/issues/54614).
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #caller: AbortSignal | undefined;
  #signal: AbortSignal | undefined;

  /**
   * @param clock the time, which other deadlines may share
   * @param caller aborts when the caller goes away
   */
  constructor(clock: Clock, caller?: AbortSignal) {
    this.#clock = clock;
    this.#caller = caller;
  }

  /** Lets the time run, if it doesn't yet. */
  begin(): void {
    this.#clock.begin();
  }

  remainingMs(): number {
    return this.#clock.remainingMs();
  }

  /** Whether, after a wait, there is still time for an attempt and for finding out how it ended. */
  allowsAttemptAfter(waitMs: number): boolean {
    const { begun, totalMs } = this.#clock;
    return !begun || this.remainingMs() - waitMs >= Math.min(attemptMs, totalMs / 4);
  }

  /** Whether the time is over. */
  get expired(): boolean {
    return this.#clock.expired;
  }

  /** Whether the time is over or the caller went away. */
  get over(): boolean {
    return this.expired || this.#caller?.aborted === true;
  }

  /**
   * Tells when the time is over or the caller goes away.
   *
   * @returns to be told no more
   */
  whenOver(listener: () => void): () => void {
    const forget = this.#clock.whenExpired(listener);
    this.#caller?.addEventListener('abort', listener);
    return () => {
      forget();
      this.#caller?.removeEventListener('abort', listener);
    };
  }

  /** Aborts when the time is over or the caller went away. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const either = new AbortController();
      const stop = () => either.abort(this.expired ? timeIsOver() : this.#caller?.reason);
      this.#clock.whenStopped(this.whenOver(stop));
      if (this.over) stop();
      this.#signal = either.signal;
    }
    return this.#signal;
  }

  /** @throws {CallError} {@link calledOff} when the caller went away */
  throwIfClosed(): void {
    if (this.#caller?.aborted) throw this.calledOff;
  }

  /** What is told of a call that was called off: the reason of its signal where that is an error of ours, or `CLIENT_CLOSED`. */
  get calledOff(): CallError {
    const reason: unknown = this.#caller?.reason;
    return reason instanceof CallError ? reason : new CallError('CLIENT_CLOSED');
  }

  /** Waits, unless the caller goes away or the time is over. Resolves in each of these cases. */
  async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }

  /** For one attempt: half of the time that is left, so that there is always time to find out how it ended. */
  limit(): WaitLimit {
    return { until: performance.now() + this.remainingMs() / 2, caller: this.#caller };
  }

  /** The same time; but the caller's going away changes nothing: what was sent is seen through. */
  seenThrough(): Deadline {
    return new Deadline(this.#clock);
  }
}

/** A time that is set once, and runs from {@link Clock.begin} on. */
export class Clock {
  readonly totalMs: number;
  #endsAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #stopListeners: (() => void)[] = [];

  constructor(totalMs: number) {
    this.totalMs = totalMs;
  }

  get begun(): boolean {
    return this.#endsAt !== undefined;
  }

  get expired(): boolean {
    return this.remainingMs() === 0;
  }

  remainingMs(): number {
    return this.#endsAt === undefined ? this.totalMs : Math.max(0, this.#endsAt - performance.now());
  }

  begin(): void {
    if (this.#endsAt !== undefined) return;
    this.#endsAt = performance.now() + this.totalMs;
    if (this.#listeners.size > 0) this.#setTimer();
  }

  whenExpired(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.expired) queueMicrotask(listener);
    else if (this.begun) this.#setTimer();
    return () => void this.#listeners.delete(listener);
  }

  whenStopped(listener: () => void): void {
    this.#stopListeners.push(listener);
  }

  /** Tells nobody any more that it has expired. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
    for (const listener of this.#stopListeners) listener();
  }

  #setTimer(): void {
    this.#timer ??= setTimeout(() => this.#expire(), Math.ceil(this.remainingMs()));
  }

  #expire(): void {
    // A timer may be early by part of a millisecond, but nobody is told before the time is over.
    this.#endsAt = Math.min(this.#endsAt ?? 0, performance.now());
    for (const listener of this.#listeners) listener();
  }
}

function timeIsOver(): DOMException {
  return new DOMException('the time is over', 'TimeoutError');
}
