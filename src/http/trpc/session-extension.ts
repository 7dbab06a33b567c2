import type { Response } from 'express';
import type { Logger } from 'pino';

/** How often the stream is examined, in milliseconds. Pings are written to it every 10 s. */
const extendEveryMs = 5_000;

/**
 * Extends the session of the caller while a stream is being read: reading results is user activity, although no further
 * request arrives. A connection that accepts no more data does not extend it, nor does a stream that a front end keeps
 * open without its user.
 */
export function extendSessionWhileRead(response: Response, log: Logger): void {
  const { calls, principal } = response.locals;
  const extend = principal?.extendSession;
  const { socket } = response;
  if (extend === undefined || socket === null || calls?.isUserActivity === false) return;
  const bytesTaken = () => socket.bytesWritten - socket.writableLength;
  let taken = bytesTaken();
  const timer = setInterval(() => {
    const now = bytesTaken();
    if (now <= taken) return;
    taken = now;
    extend().catch((error: unknown) => log.warn({ err: error }, 'the session of a stream could not be extended'));
  }, extendEveryMs);
  response.once('close', () => clearInterval(timer));
}
