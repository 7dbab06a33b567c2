import type { RequestHandler } from 'express';
import { Refusal } from '../api/errors.js';
import { minRows } from '../api/update-many.js';
import { type Admission, createBulkhead, type Limit, type Unit } from '../scheduling/bulkhead.js';

declare global {
  namespace Express {
    interface Locals {
      admission: Admission | undefined;
      /** The work for the request, which can outlast its connection, and holds memory as long. Never rejects. */
      work: Promise<unknown> | undefined;
    }
  }
}

const mebibyte = 1024 * 1024;

/**
 * How much the requests of one replica may hold. The memory in deploy/kubernetes/deployment.yaml suffices for all of it
 * at the same time.
 */
const limits = {
  calls: { total: 2_000, perUser: 1_000, retryAfterMs: 1_000 },
  bytes: { total: 16 * mebibyte, perUser: 4 * mebibyte, retryAfterMs: 1_000 },
  rows: { total: 40_000, perUser: 10_000, retryAfterMs: 20_000 },
  rowBytes: { total: 24 * mebibyte, perUser: 8 * mebibyte, retryAfterMs: 5_000 },
  // Streams are long-lived, so they must leave capacity for other calls.
  watches: { total: 200, perUser: 20, retryAfterMs: 20_000 },
} as const satisfies Record<Unit, Limit>;

/** A streamed response takes as much memory as this many calls: web streams are large. */
const callsPerStream = 4;

/** Rejects requests before their bodies are read, if the service has no memory left for them. */
export function admit(): RequestHandler {
  const bulkhead = createBulkhead(limits);
  return (_request, response, next) => {
    const { calls, principal } = response.locals;
    if (calls === undefined) throw new TypeError('parseCalls must run first');
    // `close` is emitted once: a listener that is added after it would never release anything.
    if (response.closed) throw new Refusal('CLIENT_CLOSED');
    const admission = bulkhead.enter(principal?.user.oid ?? '');
    response.once('close', () => void Promise.resolve(response.locals.work).then(() => admission.leave()));
    response.locals.admission = admission;
    admission.add('calls', calls.paths.length + (calls.wantsStream ? callsPerStream : 0));
    admission.add('rows', calls.bulkCalls * minRows);
    next();
  };
}
