import { isIPv6 } from 'node:net';
import type { RequestHandler } from 'express';
import { RateLimiterRes } from 'rate-limiter-flexible';
import { CallError } from '../errors.js';
import type { Stores } from './stores.js';

const windowSeconds = 60;

/** Enough for the users of an organization that share one address, or one proxy, when they arrive at work. */
const maxPerAddress = 300;

/** The maximum of all addresses together. */
const maxOverall = 1_200;

/**
 * Limits how many requests of one kind are handled per minute: 300 from one address and 1,200 overall. The address is
 * that of the connection, since headers that name another one can be forged.
 *
 * @throws {CallError} `THROTTLED` above a limit
 */
export function limitRequests(kind: string, counter: Stores['requestCounter']): RequestHandler {
  const perAddress = counter({ keyPrefix: `${kind}-address`, points: maxPerAddress, duration: windowSeconds });
  const overall = counter({ keyPrefix: kind, points: maxOverall, duration: windowSeconds });
  return async (request, _response, next) => {
    try {
      // In this order, the requests that one address sends in excess do not count for the others.
      await perAddress.consume(networkOf(request.socket.remoteAddress ?? ''));
      await overall.consume('all');
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new CallError('THROTTLED', { retryAfterMs: error.msBeforeNext });
    }
    next();
  };
}

/** The part of an address that identifies its owner: of an IPv6 address the first 64 bits (RFC 6177). */
export function networkOf(address: string): string {
  const ipv4 = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (ipv4 !== undefined || !isIPv6(address)) return ipv4 ?? address;
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const omitted = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...Array.from({ length: omitted }, () => '0'), ...(tail?.split(':') ?? [])];
  return all.slice(0, 4).join(':');
}
