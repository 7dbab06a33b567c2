import { CallError } from '../errors.js';
import type { FairnessKey } from './priority.js';

/**
 * What is limited.
 * - `calls`: calls in progress
 * - `bytes`: bytes of their bodies
 * - `rows`: rows of bulk updates that wait, are in progress, or have a result that the client has not read
 * - `rowBytes`: bytes of the bodies of bulk updates
 * - `watches`: long-lived streams, which only their callers end
 */
export type Unit = 'calls' | 'bytes' | 'rows' | 'rowBytes' | 'watches';

/** A limit, over the service and for one user, so that no user can use up the service. */
export interface Limit {
  readonly total: number;
  readonly perUser: number;
  /** Of the error for rejected requests, in milliseconds. */
  readonly retryAfterMs: number;
}

/** What one request holds. */
export interface Admission {
  /** Holds more of a unit, until it is released. @throws {CallError} `OVERLOADED` beyond the limit */
  add(unit: Unit, count: number): void;
  release(unit: Unit, count: number): void;
  /** Releases everything. From then on, {@link Admission.add} does nothing. */
  leave(): void;
}

/** Limits what the requests hold, so that they fit into the memory of the process. */
export interface Bulkhead {
  /** Admits a request, which holds nothing yet. */
  enter(key: FairnessKey): Admission;
}

type Holding = Record<Unit, number>;

const units = ['calls', 'bytes', 'rows', 'rowBytes', 'watches'] as const satisfies readonly Unit[];

const nothing = (): Holding => ({ calls: 0, bytes: 0, rows: 0, rowBytes: 0, watches: 0 });

/** Creates a bulkhead. */
export function createBulkhead(limits: Readonly<Record<Unit, Limit>>): Bulkhead {
  const total = nothing();
  const users = new Map<FairnessKey, { readonly held: Holding; requests: number }>();

  return {
    enter(key) {
      const user = users.get(key) ?? { held: nothing(), requests: 0 };
      users.set(key, user);
      user.requests++;
      const own = nothing();
      let hasLeft = false;

      function change(unit: Unit, count: number): void {
        for (const held of [own, user.held, total]) held[unit] += count;
      }

      return {
        add(unit, count) {
          if (hasLeft) return;
          const limit = limits[unit];
          if (total[unit] + count > limit.total || user.held[unit] + count > limit.perUser) {
            throw new CallError('OVERLOADED', { retryAfterMs: limit.retryAfterMs });
          }
          change(unit, count);
        },
        release: (unit, count) => change(unit, -Math.min(count, own[unit])),
        leave() {
          if (hasLeft) return;
          hasLeft = true;
          for (const unit of units) change(unit, -own[unit]);
          user.requests--;
          if (user.requests === 0) users.delete(key);
        },
      };
    },
  };
}
