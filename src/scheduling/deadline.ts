import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CallError } from '../errors.js';
import type { WaitLimit } from './wait-limit.js';

/**
 * With less time left than this, or than a quarter of the total, another attempt could not be completed and verified.
 */
const minAttemptMs = 1_000;

/** How a {@link Deadline} is set up. */
export interface DeadlineOptions {
  /** The total time, including waits and retries, in milliseconds. */
  readonly totalMs: number;
  /** Aborts when the caller disconnects. Its reason, if it is a {@link CallError}, becomes the error of the call. */
  readonly cancellation?: AbortSignal | undefined;
}

/**
 * The time limit of one call, joined with its cancellation. The time runs from {@link Deadline.start} on.
 *
 * It has a timer and listeners of its own. `AbortSignal.any` over `AbortSignal.timeout` can be garbage collected before
 * it fires (nodejs/node#57736, and #65995 from Node 24.16 on), and with a long-lived source it leaks an entry for every
 * composite signal (nodejs/node#54614). An `AbortController` for every call costs a tenth of the call's processor time,
 * so that one is created only where an API needs its signal.
 */
export class Deadline implements WaitLimit {
  readonly #totalMs: number;
  readonly #cancellation: AbortSignal | undefined;
  readonly #listeners = new Set<(cause: unknown) => void>();
  #endsAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #isCommitted = false;

  constructor({ totalMs, cancellation }: DeadlineOptions) {
    this.#totalMs = totalMs;
    this.#cancellation = cancellation;
    cancellation?.addEventListener('abort', this.#cancel);
  }

  /** Starts the time. Further calls do nothing. */
  start(): void {
    if (this.#endsAt !== undefined) return;
    this.#endsAt = performance.now() + this.#totalMs;
    this.#timer = setTimeout(() => this.#expire(), this.#totalMs);
  }

  get remainingMs(): number {
    return this.#endsAt === undefined ? this.#totalMs : Math.max(0, this.#endsAt - performance.now());
  }

  /** Whether the time is over. */
  get isExpired(): boolean {
    return this.remainingMs === 0;
  }

  /** Whether the time is over, or the call was cancelled before {@link Deadline.commit}. */
  get isDone(): boolean {
    return this.#isCancelled || this.isExpired;
  }

  /** The time limit of one attempt: half of what is left, so that the rest is enough to find out its outcome. */
  get timeoutMs(): number {
    return this.remainingMs / 2;
  }

  /** Aborts when the deadline is done. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      // Each of a call's concurrent requests listens to it.
      setMaxListeners(0, controller.signal);
      this.#controller = controller;
      if (this.isDone) controller.abort(this.#cause());
      else this.onDone((cause) => controller.abort(cause));
    }
    return this.#controller.signal;
  }

  /** Calls back once when the deadline is done, unless it is done already. @returns removes the listener */
  onDone(listener: (cause: unknown) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Whether enough time for an attempt and its verification is left after a wait. Always true before the start. */
  allowsAttemptAfter(waitMs: number): boolean {
    if (this.#endsAt === undefined) return true;
    return this.remainingMs - waitMs >= Math.min(minAttemptMs, this.#totalMs / 4);
  }

  /** From here on, the call can no longer be cancelled: a write has been sent, and its outcome must be established. */
  commit(): void {
    this.#isCommitted = true;
    this.#ignoreCancellation();
  }

  /** @throws {CallError} {@link Deadline.cancellationError} if the call was cancelled */
  throwIfCancelled(): void {
    if (this.#isCancelled) throw this.cancellationError;
  }

  /** The error of a cancelled call: the signal's reason if it is a {@link CallError}, otherwise `CLIENT_CLOSED`. */
  get cancellationError(): CallError {
    const reason: unknown = this.#cancellation?.reason;
    return reason instanceof CallError ? reason : new CallError('CLIENT_CLOSED');
  }

  /** Waits. Resolves early when the deadline is done. */
  async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }

  /** Releases the timer and the listeners. To be called when the call has ended. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
    this.#ignoreCancellation();
  }

  get #isCancelled(): boolean {
    return !this.#isCommitted && this.#cancellation?.aborted === true;
  }

  readonly #cancel = (): void => this.#notify();

  #ignoreCancellation(): void {
    this.#cancellation?.removeEventListener('abort', this.#cancel);
  }

  #expire(): void {
    // A timer may fire a fraction of a millisecond early.
    this.#endsAt = Math.min(this.#endsAt ?? 0, performance.now());
    this.#notify();
  }

  #notify(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(this.#cause());
  }

  #cause(): unknown {
    if (this.#isCancelled) return this.#cancellation?.reason;
    return new DOMException('the deadline has passed', 'TimeoutError');
  }
}
