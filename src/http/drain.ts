import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import type { SyncMiddleware } from './sync-middleware.js';

/** Knows which requests are under way, and lets them end. */
export interface Drain {
  readonly draining: boolean;
  /** Counts a request until its connection is done with it. */
  readonly track: SyncMiddleware;
  /**
   * Begins to drain: every answer from now on closes its connection. Resolves once no request is under way, not before
   * `leastMs` and not after `mostMs`.
   */
  begin(leastMs: number, mostMs: number): Promise<void>;
  /**
   * Resolves when no request is under way. Those that have not arrived whole are cut off: nothing has begun for them; and
   * after `mostMs` those whose answers nobody takes.
   */
  finish(mostMs: number): Promise<void>;
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
  const idleWithin = async (ms: number) => {
    const done = new AbortController();
    await Promise.race([idle(), sleep(ms, undefined, { signal: done.signal }).catch(() => undefined)]);
    done.abort();
  };
  return {
    get draining() {
      return draining;
    },
    track(request, response) {
      underWay.add(response);
      if (draining) response.setHeader('connection', 'close');
      response.once('close', () => {
        underWay.delete(response);
        if (draining) request.socket.destroySoon();
        if (underWay.size === 0) onIdle?.();
      });
    },
    async begin(leastMs, mostMs) {
      draining = true;
      for (const response of underWay) {
        if (!response.headersSent) response.setHeader('connection', 'close');
      }
      await sleep(leastMs);
      await idleWithin(mostMs - leastMs);
    },
    async finish(mostMs) {
      for (const { req } of underWay) {
        if (!req.complete) req.destroy();
      }
      await idleWithin(mostMs);
      for (const response of underWay) response.destroy();
      await idle();
    },
  };
}
