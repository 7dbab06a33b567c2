import { setTimeout as sleep } from 'node:timers/promises';
import { CallError } from '../errors.js';

/** With less time left than this, or than a quarter of the total, another attempt could not be completed and verified. */
const minAttemptMs = 1_000;

/** How a {@link Deadline} is set up. */
export interface DeadlineOptions {
  /** The total time, including waits and retries, in milliseconds. */
  readonly totalMs: number;
  /** Aborts when the caller disconnects. Its reason, if it is a {@link CallError}, becomes the error of the call. */
  readonly cancellation?: AbortSignal | undefined;
}

/**
 * The time limit of one call, joined with its cancellation. The time starts with {@link Deadline.start}.
 *
 * It has its own timer and `AbortController`. `AbortSignal.any` over `AbortSignal.timeout` can be garbage collected
 * before it fires (nodejs/node#57736, and #65995 from Node 24.16 on), and with a long-lived source it leaks an entry
 * for every composite signal (nodejs/node#54614).
 */
export class Deadline {
  /** Aborts when the time has elapsed, or when the caller disconnects before {@link Deadline.commit}. */
  readonly signal: AbortSignal;
  readonly #totalMs: number;
  readonly #controller = new AbortController();
  readonly #cancellation: AbortSignal | undefined;
  #endsAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isCommitted = false;

  constructor({ totalMs, cancellation }: DeadlineOptions) {
    this.signal = this.#controller.signal;
    this.#totalMs = totalMs;
    this.#cancellation = cancellation;
    if (cancellation?.aborted) this.#cancel();
    else cancellation?.addEventListener('abort', this.#cancel);
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

  /** Whether the time has elapsed. */
  get isExpired(): boolean {
    return this.remainingMs === 0;
  }

  /** Whether the time has elapsed or the call was cancelled. */
  get isDone(): boolean {
    return this.signal.aborted || this.isExpired;
  }

  /** The time limit of one attempt: half of what is left, so that the other half suffices to verify its outcome. */
  get attemptTimeoutMs(): number {
    return this.remainingMs / 2;
  }

  /** Whether enough time for an attempt and its verification is left after a wait. Always true before the start. */
  allowsAttemptAfter(waitMs: number): boolean {
    if (this.#endsAt === undefined) return true;
    return this.remainingMs - waitMs >= Math.min(minAttemptMs, this.#totalMs / 4);
  }

  /** From here on, the call can no longer be cancelled: a write has been sent, and its outcome must be determined. */
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

  /** Waits. Resolves early when the time has elapsed or the call is cancelled. */
  async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }

  /** Releases the timer and the listener. Call it when the call has ended. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#ignoreCancellation();
  }

  get #isCancelled(): boolean {
    return !this.#isCommitted && this.#cancellation?.aborted === true;
  }

  readonly #cancel = (): void => this.#controller.abort(this.#cancellation?.reason);

  #ignoreCancellation(): void {
    this.#cancellation?.removeEventListener('abort', this.#cancel);
  }

  #expire(): void {
    // A timer may fire a fraction of a millisecond early.
    this.#endsAt = Math.min(this.#endsAt ?? 0, performance.now());
    this.#controller.abort(new DOMException('the deadline has passed', 'TimeoutError'));
  }
}
