import type { Logger } from 'pino';
import { CallError } from '../errors.js';
import { createBulkhead } from '../scheduling/bulkhead.js';
import { Clock, Deadline } from '../scheduling/deadline.js';
import { createInFlightCounter } from '../scheduling/in-flight.js';
import { createKeyedQueue } from '../scheduling/keyed-queue.js';
import { createTurn, type FairnessKey, type RequestPriority } from '../scheduling/priority.js';
import { createRateLimiter, type Usage } from '../scheduling/rate-limiter.js';
import type { OpenSharedQueue } from '../scheduling/shared-queue.js';
import { createLocalSlots, type SharedSlots, type SharedSlotsOptions, windowMs } from '../scheduling/slot-pool.js';
import { deviceRunState, script, scriptUserState } from './entities.js';
import type { Call, Graph, WriteResult } from './graph.js';
import { createGraphClient } from './requests/attempt.js';
import { createBulkUpdate } from './requests/bulk-update.js';
import type { CursorCodec } from './requests/cursor.js';
import { createPager } from './requests/paging.js';
import { createUserStates } from './requests/user-states.js';
import { createWriter, type Write } from './requests/write-outcome.js';
import { deviceStatesPath, type StateRef, scriptsPath, stateKey, userStatesPath } from './routes.js';
import type { TokenSource } from './tokens/token-source.js';
import { createBatcher } from './wire/batcher.js';
import { type GraphObserver, observeAnswers, observeRoundTrips, observeWaits, type QuotaName } from './wire/observe.js';
import { traceRequests } from './wire/tracing.js';
import { createTransport } from './wire/transport.js';

/** What replicas share of a Graph that they all write to. */
export interface ReplicaCoordination {
  slots(options: SharedSlotsOptions): SharedSlots;
  readonly line: OpenSharedQueue;
}

/** What {@link createGraphService} needs. */
export interface GraphOptions {
  /** With the version: `https://graph.microsoft.com/beta`. */
  readonly baseUrl: URL;
  readonly cursors: CursorCodec;
  /** The longest that one call may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly writesPer20s: number;
  readonly log: Logger;
  /** Quotas and order; without it there is but one replica. */
  readonly shared?: ReplicaCoordination | undefined;
  readonly observer?: GraphObserver | undefined;
}

/** Graph, for whoever's tokens calls are made with. Connections, quotas and order are shared by all of them. */
export interface GraphService {
  /**
   * Graph for the calls of one request: those that are ready together leave together.
   *
   * @param caller whose turns these calls share with their others
   */
  with(tokens: TokenSource, caller: FairnessKey): Graph;
  /** What the quotas are at. */
  usage(): Promise<readonly (Usage & { readonly quota: QuotaName })[]>;
  /** From here on no update of several is begun, and those that wait are told so. What has been sent is seen through. */
  endBulk(): void;
  /** Lets what is under way end, then closes the connections. */
  close(): Promise<void>;
}

/** More single calls than this at a time are refused, and more than half of them from one caller. */
const maxCalls = 2_000;

/** The same for updates of many. */
const maxBulkUpdates = 20;

/** Graph takes this many requests of any kind in 20 s. */
const requestsPer20s = 2_000;

/** Builds the Graph layer and joins its parts. */
export function createGraphService({
  deadlineMs,
  writesPer20s,
  shared,
  observer,
  ...options
}: GraphOptions): GraphService {
  const baseUrl = new URL(options.baseUrl.href.replace(/\/*$/, '/'));
  const plain = createTransport(baseUrl.origin);
  const transport = observer ? observeRoundTrips(plain, observer) : plain;
  const quotaOf = (name: QuotaName, limit: number) => {
    const slots = shared?.slots({ name, limit, deadlineMs }) ?? createLocalSlots(limit);
    return observer ? observeWaits(name, createRateLimiter(slots), observer) : createRateLimiter(slots);
  };
  const quotas = {
    // Graph counts writes in both limits. More writes than it documents are for a Graph that isn't Microsoft's.
    reads: quotaOf('reads', Math.max(requestsPer20s - writesPer20s, requestsPer20s / 2)),
    writes: quotaOf('writes', writesPer20s),
  };
  const order = createKeyedQueue(shared?.line);
  const calls = createBulkhead(maxCalls, 1_000);
  const bulkUpdates = createBulkhead(maxBulkUpdates, 20_000);
  const bulkCloses = new AbortController();
  const underWay = createInFlightCounter();

  function bind(tokens: TokenSource, caller: FairnessKey): Graph {
    const batching = createBatcher(transport, baseUrl.pathname);
    const traced = traceRequests(observer ? observeAnswers(batching, observer) : batching, baseUrl);

    /** What a call is made with, in its turn. */
    function partsFor(turn: RequestPriority) {
      const client = createGraphClient({ transport: traced, tokens, quotas, turn });
      const page = createPager(client, baseUrl, options.cursors, options.log);
      return { page, states: createUserStates(client, page, baseUrl.pathname), write: createWriter(client) };
    }

    const { page, states, write } = partsFor(createTurn(caller, 'interactive'));

    async function run<T>(call: Call, work: (deadline: Deadline) => Promise<T>): Promise<T> {
      const leave = calls.enter(caller);
      const done = underWay.enter();
      const clock = new Clock(deadlineMs);
      const deadline = new Deadline(clock, call.signal);
      try {
        deadline.begin();
        deadline.throwIfClosed();
        return await work(deadline);
      } finally {
        clock.stop();
        done();
        leave();
      }
    }

    /** Writes on one state go one after the other, whatever they are. */
    function runWrite<T>(on: StateRef, call: Call, work: Write<T>): Promise<WriteResult<T>> {
      return run(call, (deadline) => order.place(stateKey(on)).run(deadline, () => write(work, deadline)));
    }

    return {
      userStates: {
        list: (of, cursor, call) => run(call, (d) => page(userStatesPath(of), scriptUserState, cursor, d)),
        get: (target, call) => run(call, (d) => states.get(target, d)),
        update: (target, patch, call) => runWrite(target, call, states.update(target, patch, call.approval ?? {})),
        updateMany: (updates, call, wanted) =>
          createBulkUpdate(updates, call, wanted, {
            order,
            deadlineMs,
            closing: bulkCloses.signal,
            leave: bulkUpdates.enter(caller),
            update(update, approval, turn, deadline) {
              const own = partsFor(turn);
              return own.write(own.states.update(update, update.patch, approval), deadline).finally(underWay.enter());
            },
          }),
        create(of, state, call) {
          const on = { ...of, userStateId: state.id ?? crypto.randomUUID() };
          return runWrite(on, call, states.create(of, state));
        },
        delete: (target, call) => runWrite(target, call, states.delete(target)),
      },
      scripts: {
        list: (scriptKind, cursor, call) => run(call, (d) => page(scriptsPath(scriptKind), script, cursor, d)),
      },
      deviceRunStates: {
        list: (target, cursor, call) => run(call, (d) => page(deviceStatesPath(target), deviceRunState, cursor, d)),
      },
    };
  }

  return {
    with: bind,
    usage: () =>
      Promise.all([
        quotas.reads.usage().then((usage) => ({ quota: 'reads', ...usage }) as const),
        quotas.writes.usage().then((usage) => ({ quota: 'writes', ...usage }) as const),
      ]),
    endBulk() {
      const cause = new Error('the service is stopping');
      bulkCloses.abort(new CallError('OVERLOADED', { retryAfterMs: windowMs, cause }));
    },
    async close() {
      await underWay.idle();
      await transport.close();
    },
  };
}
