import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandler, Response } from 'express';

/** Knows which requests are under way, and lets them end. */
export interface Drain {
  readonly draining: boolean;
  /** Counts a request until its connection is done with it. */
  readonly watch: RequestHandler;
  /**
   * Begins to drain: every answer from now on closes its connection. Resolves once no request is under way, not before
   * `leastMs` and not after `mostMs`.
   */
  begin(leastMs: number, mostMs: number): Promise<void>;
  /** Resolves when no request is under way. Those that have not arrived whole are cut off: nothing has begun for them. */
  finish(): Promise<void>;
}

/** Makes the drain of one service. */
export function createDrain(): Drain {
  const underWay = new Set<Response>();
  let draining = false;
  let onIdle: (() => void) | undefined;
  const idle = () =>
    new Promise<void>((resolve) => {
      onIdle = resolve;
      if (underWay.size === 0) resolve();
    });
  return {
    get draining() {
      return draining;
    },
    watch(request, response, next) {
      underWay.add(response);
      if (draining) response.setHeader('connection', 'close');
      response.once('close', () => {
        underWay.delete(response);
        if (draining) request.socket.destroySoon();
        if (underWay.size === 0) onIdle?.();
      });
      next();
    },
    async begin(leastMs, mostMs) {
      draining = true;
      for (const response of underWay) {
        if (!response.headersSent) response.setHeader('connection', 'close');
      }
      await sleep(leastMs);
      const timeIsUp = new AbortController();
      await Promise.race([
        idle(),
        sleep(mostMs - leastMs, undefined, { signal: timeIsUp.signal }).catch(() => undefined),
      ]);
      timeIsUp.abort();
    },
    async finish() {
      for (const { req } of underWay) {
        if (!req.complete) req.destroy();
      }
      await idle();
    },
  };
}
