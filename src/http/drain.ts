import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandler, Response } from 'express';

/** Tracks the requests in flight, and waits for them at shutdown. */
export interface Drain {
  readonly draining: boolean;
  /** Counts a request until its response is closed. */
  readonly track: RequestHandler;
  /**
   * Starts to drain: every response from now on closes its connection. Resolves when no request is in flight, not
   * before `minMs` and not after `maxMs`.
   */
  begin(minMs: number, maxMs: number): Promise<void>;
  /**
   * Resolves when no request is in flight. Immediately aborts requests that are still being received, and aborts all
   * others after `maxMs`.
   */
  finish(maxMs: number): Promise<void>;
}

/** Creates the drain of one service. */
export function createDrain(): Drain {
  const inFlight = new Set<Response>();
  let draining = false;
  let onIdle: (() => void) | undefined;
  const whenIdle = () =>
    new Promise<void>((resolve) => {
      onIdle = resolve;
      if (inFlight.size === 0) resolve();
    });
  const whenIdleOrAfter = async (ms: number) => {
    const timer = new AbortController();
    await Promise.race([whenIdle(), sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined)]);
    timer.abort();
  };
  return {
    get draining() {
      return draining;
    },
    track(request, response, next) {
      inFlight.add(response);
      if (draining) response.setHeader('connection', 'close');
      response.once('close', () => {
        inFlight.delete(response);
        if (draining) request.socket.destroySoon();
        if (inFlight.size === 0) onIdle?.();
      });
      next();
    },
    async begin(minMs, maxMs) {
      draining = true;
      for (const response of inFlight) {
        if (!response.headersSent) response.setHeader('connection', 'close');
      }
      await sleep(minMs);
      await whenIdleOrAfter(maxMs - minMs);
    },
    async finish(maxMs) {
      for (const { req } of inFlight) {
        if (!req.complete) req.destroy();
      }
      await whenIdleOrAfter(maxMs);
      for (const response of inFlight) response.destroy();
      await whenIdle();
    },
  };
}
