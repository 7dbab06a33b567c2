import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { CallError } from '../errors.js';
import type { Connector } from '../outbound/outbound.js';
import { Deadline } from '../scheduling/deadline.js';
import { createInFlightCounter } from '../scheduling/in-flight.js';
import { createKeyedQueue } from '../scheduling/keyed-queue.js';
import { createMemorySlotPool } from '../scheduling/memory-slot-pool.js';
import type { PriorityLevel, RequestPriority } from '../scheduling/priority.js';
import { createRateLimiter } from '../scheduling/rate-limiter.js';
import type { ReplicaCoordination } from '../scheduling/replica-coordination.js';

import type { CallOptions, Graph, QuotaName, QuotaUsage, WriteOptions, WriteResult } from './graph.js';
import type { StateRef } from './ids.js';
import { type GraphObserver, observeResponses, observeRoundTrips, observeWaits } from './observer.js';
import { stateKey } from './paths.js';
import { createReadApprovals } from './requests/approval-requests.js';
import { createBulkUpdate } from './requests/bulk-update.js';
import type { CallContext } from './requests/call-context.js';
import type { CursorCodec } from './requests/cursor.js';
import { createGraphClient } from './requests/graph-client.js';
import { deviceStates, scriptDeviceStates, scripts, userStates } from './requests/list.js';
import { createLists } from './requests/lists.js';
import { createPager } from './requests/pager.js';
import { createUserStates } from './requests/user-states.js';
import { createWriter, type Write } from './requests/writer.js';
import { createBatcher, maxBatchItems } from './wire/batcher.js';
import { traceRequests } from './wire/tracing.js';
import { createTransport } from './wire/transport.js';

/** The options of {@link createGraph}. */
export interface GraphOptions {
  /** With the version: `https://graph.microsoft.com/beta`. */
  readonly baseUrl: URL;
  readonly cursors: CursorCodec;
  /** The longest time that one call may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly writesPer20s: number;
  readonly log: Logger;
  readonly observer: GraphObserver;
  readonly connect: Connector;
  /** The quotas and the order of writes that replicas share, if there are several. */
  readonly coordination?: ReplicaCoordination | undefined;
}

/** Graph, with its connections, quotas and queues. */
export interface GraphService extends Graph {
  usage(): Promise<readonly QuotaUsage[]>;
  /** Stops all bulk updates: updates that have not been sent fail with `OVERLOADED`. */
  cancelBulk(): void;
  /** Waits for the calls in flight, then closes the connections. */
  close(): Promise<void>;
}

/** The window over which Graph counts requests. @see https://learn.microsoft.com/graph/throttling-limits */
const windowMs = 20_000;

/** Graph's limit for requests of any kind in one window. */
const requestsPer20s = 2_000;

/** Creates the one pipeline of every call: queue, rate limiter, batcher, transport. */
export function createGraph(options: GraphOptions): GraphService {
  const { deadlineMs, writesPer20s, coordination, observer, log } = options;
  const baseUrl = new URL(options.baseUrl.href.replace(/\/*$/, '/'));
  const transport = observeRoundTrips(createTransport(baseUrl.origin, options.connect), observer);
  const sender = traceRequests(observeResponses(createBatcher(transport, baseUrl.pathname), observer), baseUrl);

  const rateLimiter = (name: QuotaName, limit: number) => {
    const pool =
      coordination?.slotPool({ name, limit, windowMs, deadlineMs }) ?? createMemorySlotPool({ limit, windowMs });
    return observeWaits(name, createRateLimiter(pool, maxBatchItems), observer);
  };
  const rateLimiters = {
    // Graph counts writes in both limits. A limit above the documented one implies another server than
    // Microsoft's: there, a job can read as many states as it writes to.
    reads: rateLimiter('reads', Math.max(requestsPer20s - writesPer20s, requestsPer20s / 2, writesPer20s)),
    writes: rateLimiter('writes', writesPer20s),
  };
  const client = createGraphClient({ sender, rateLimiters });
  const readPage = createPager(client, baseUrl, log);
  const lists = createLists(client, readPage, options.cursors, baseUrl.pathname);
  const states = createUserStates(client, readPage, baseUrl.pathname);
  const readApprovals = createReadApprovals(client, baseUrl.pathname);
  const write = createWriter(client);

  const queue = createKeyedQueue('GRAPH_UNAVAILABLE', coordination?.openSharedQueue);
  const inFlight = createInFlightCounter();
  const stopping = new AbortController();
  // Every bulk update listens to it.
  setMaxListeners(0, stopping.signal);

  function boost(priority: RequestPriority): void {
    for (const limiter of [rateLimiters.reads, rateLimiters.writes]) limiter.boost(priority);
  }

  async function run<T>(
    { caller, signal }: CallOptions,
    work: (context: CallContext) => Promise<T>,
    level: PriorityLevel = 'interactive',
  ): Promise<T> {
    const done = inFlight.add();
    const deadline = new Deadline({ totalMs: deadlineMs, cancellation: signal });
    try {
      deadline.start();
      deadline.throwIfCancelled();
      const { fairnessKey } = caller;
      return await work({ caller, priority: { fairnessKey, user: fairnessKey, level }, deadline });
    } finally {
      deadline.dispose();
      done();
    }
  }

  /** Writes on one state are sent one after the other. */
  function runWrite<T>(target: StateRef, call: WriteOptions, operation: Write<T>): Promise<WriteResult<T>> {
    return run(call, (context) =>
      queue
        .reserve(stateKey(target))
        .run(context.priority, context.deadline, () => write(operation, { ...context, hooks: call.hooks })),
    );
  }

  return {
    userStates: {
      list: (of, cursor, call) => run(call, (context) => lists.page(userStates(of), cursor, context)),
      listForUser: (userId, cursor, call) => run(call, (context) => lists.statesOfUser(userId, cursor, context)),
      get: (target, call) => run(call, (context) => states.get(target, context)),
      update: (target, patch, call) => runWrite(target, call, states.update(target, patch, call)),
      updateMany: (updates, call) =>
        createBulkUpdate(updates, call, {
          queue,
          boost,
          deadlineMs,
          stopping: stopping.signal,
          send: ({ approval = call.approval, ...update }, context) =>
            write(states.update(update, update.patch, { ...update, approval }), context).finally(inFlight.add()),
        }),
      create(of, state, call) {
        const target = { ...of, userStateId: state.id ?? crypto.randomUUID() };
        return runWrite(target, call, states.create(of, state, call));
      },
      delete: (target, call) => runWrite(target, call, states.delete(target, call)),
    },
    scripts: {
      list: (kind, cursor, call) => run(call, (context) => lists.page(scripts(kind), cursor, context)),
      overview: (kind, cursor, call) => run(call, (context) => lists.overview(kind, cursor, context)),
    },
    deviceRunStates: {
      list: (target, cursor, call) => run(call, (context) => lists.page(deviceStates(target), cursor, context)),
      listForScript: (of, cursor, call) => run(call, (context) => lists.page(scriptDeviceStates(of), cursor, context)),
    },
    approvalStatuses: (codes, call) => run(call, (context) => readApprovals(codes, context), 'bulk'),
    usage: () =>
      Promise.all(
        (['reads', 'writes'] as const).map(async (quota) => ({ quota, ...(await rateLimiters[quota].usage()) })),
      ),
    cancelBulk() {
      const cause = new Error('the service is stopping');
      stopping.abort(new CallError('OVERLOADED', { retryAfterMs: windowMs, cause }));
    },
    async close() {
      await inFlight.whenIdle();
      await transport.close();
    },
  };
}
