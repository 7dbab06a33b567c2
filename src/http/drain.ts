import type { RequestHandler } from 'express';

/** Knows which requests are under way, and lets them end. */
export interface Drain {
  readonly draining: boolean;
  /** Counts a request until its connection is done with it. */
  readonly watch: RequestHandler;
  /** Begins to drain. Resolves when no request is under way, at the latest after `graceMs`. */
  begin(graceMs: number): Promise<void>;
}

/** Makes the drain of one service. */
export function createDrain(): Drain {
  let draining = false;
  let underWay = 0;
  let onIdle: (() => void) | undefined;
  return {
    get draining() {
      return draining;
    },
    watch(_request, response, next) {
      underWay++;
      if (draining) response.setHeader('connection', 'close');
      response.once('close', () => {
        underWay--;
        if (underWay === 0) onIdle?.();
      });
      next();
    },
    async begin(graceMs) {
      draining = true;
      if (underWay === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}
