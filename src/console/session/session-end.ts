import { useSyncExternalStore } from 'react';
import type { Session } from '../queries.js';
import { onReturn } from './return-events.js';

/** When and why a session ends if nothing happens. */
export interface SessionEnd {
  /** `idle` if calls postpone the end; `absolute` if only a new sign-in does. */
  readonly kind: 'idle' | 'absolute';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** When to warn of it, in milliseconds since 1970. */
  readonly warnAt: number;
}

const minuteMs = 60_000;
/** The longest time between a warning and the end. */
const warningMs = { idle: 5 * minuteMs, absolute: 10 * minuteMs } as const;
/** The largest share of the idle time that a warning may last: in a short session, it would always be shown. */
const warningShare = 1 / 5;

/** How long a session lasts from a given time without further calls, in milliseconds. */
export const idleTimeFrom = ({ idleExpiresAt }: Session, at: number): number =>
  idleExpiresAt === null ? 0 : Date.parse(idleExpiresAt) - at;

/**
 * The next end of a session; `undefined` if it does not end.
 *
 * @param idleMs the idle time after which a session ends, as far as this page knows it
 */
export function sessionEnd({ expiresAt, idleExpiresAt }: Session, idleMs: number): SessionEnd | undefined {
  const absolute = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
  const idle = idleExpiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(idleExpiresAt);
  const at = Math.min(absolute, idle);
  const kind = idle < absolute ? 'idle' : 'absolute';
  if (at === Number.POSITIVE_INFINITY) return undefined;
  return {
    kind,
    at,
    warnAt: at - (kind === 'idle' ? Math.min(warningMs.idle, idleMs * warningShare) : warningMs.absolute),
  };
}

const stepMs = 5_000;

function subscribeToTime(notify: () => void): () => void {
  const timer = setInterval(notify, stepMs);
  // The timers of a page in the background are slow, or stand still.
  const stop = onReturn(notify);
  return () => {
    clearInterval(timer);
    stop();
  };
}

/** The time in steps of five seconds, in milliseconds since 1970. */
export const useTime = (): number =>
  useSyncExternalStore(subscribeToTime, () => Math.floor(Date.now() / stepMs) * stepMs);
