import { expect } from 'vitest';
import { reasonOf } from '../../src/api/errors.js';
import { createAudit, type WriteObserver } from '../../src/audit/audit.js';
import { createGraph } from '../../src/graph/graph-service.js';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { accessTokenCredential, graphScope } from '../../src/graph/tokens/credential.js';
import { createTokenSource } from '../../src/graph/tokens/credential-token-source.js';
import { countRows, type JobActor, type JobRecord, type JobRow } from '../../src/jobs/job.js';
import { jobLimits } from '../../src/jobs/job-limits.js';
import { createMemoryJobQueue, type JobQueue } from '../../src/jobs/job-queue.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import { createJobs, type Jobs } from '../../src/jobs/jobs.js';
import { createMemoryJobStore } from '../../src/jobs/memory-job-store.js';
import { createLog } from '../../src/log.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import { noMetrics } from '../../src/telemetry/metrics.js';
import { useFixture } from './fixture.js';
import { type GraphServerResponse, own, useGraphServer } from './graph-server.js';
import { loggedTrail } from './service.js';

const slowly = { interval: 10, timeout: 30_000 };
const target = { scriptKind: 'deviceShellScript', scriptId: 'script' } as const;
const log = createLog('silent', { write: () => undefined });

/** The person who starts the jobs. */
export const actor: JobActor = { oid: 'person', name: 'Person', requestId: 'request' };

/** The id of a state. */
export const idOf = (index: number): string => `script:user-${index}`;

/** A state before any write. */
export const initialState = (index: number) => ({
  id: idOf(index),
  successDeviceCount: 1,
  errorDeviceCount: 0,
  userPrincipalName: null,
});

/** A row that sets a count of the state with its index to 5. */
export const rowAt = (index: number, more: Partial<JobRow> = {}): JobRow => ({
  ...target,
  index,
  userStateId: idOf(index),
  patch: { successDeviceCount: 5 },
  outcome: 'waiting',
  ...more,
});

/** The record of a new job. */
export function jobRecord(rows: readonly JobRow[], more: Partial<JobRecord> = {}): JobRecord {
  return {
    jobId: crypto.randomUUID(),
    title: null,
    startedBy: { oid: actor.oid, name: actor.name },
    startedAt: new Date().toISOString(),
    state: 'queued',
    total: rows.length,
    counts: countRows(rows),
    actor,
    changedAtMs: Date.now(),
    ...more,
  };
}

function fail(error: unknown): never {
  throw error;
}

/** Stores a job as a process that has died has left it. */
export async function storeJob(
  rows: readonly JobRow[],
  state: JobRecord['state'] = 'running',
): Promise<[JobStore, string]> {
  const created = createMemoryJobStore(jobLimits, 3_600_000);
  return [created, await created.create(jobRecord(rows, { state }), rows)];
}

/** Waits for the end of a job. @returns its rows */
export async function finish(kept: JobStore, jobId: string): Promise<readonly JobRow[]> {
  await expect.poll(async () => (await kept.get(jobId))?.state, slowly).toBeOneOf(['done', 'cancelled']);
  return kept.rows(jobId, { from: 0, limit: 100 });
}

/** The response to a write of a state; `undefined` applies it. */
type RespondToWrite = (id: string) => GraphServerResponse | undefined;

/** What differs between the processes of a test. */
export interface JobProcessOptions {
  /** Rejects if a line of the audit trail cannot be written. */
  readonly append?: (line: string) => Promise<void>;
  readonly pausesMs?: readonly number[];
  readonly observe?: WriteObserver;
  readonly queue?: JobQueue;
  readonly mayWrite?: () => boolean;
  readonly maxWaitMs?: number;
}

/** Jobs of one or several processes over a store, whose Graph is a server of the test. */
export function useStoredJobs() {
  const server = useGraphServer();
  const graph = useFixture(
    async () =>
      createGraph({
        baseUrl: new URL(server.baseUrl),
        cursors: createCursorCodec([]),
        deadlineMs: 4_000,
        writesPer20s: 10_000,
        log,
        observer: noMetrics.graph,
        connect: createOutbound({}).connect,
      }),
    (started) => started.close(),
  );

  /** The states of Graph, and the writes that it receives. All approval requests have one status. */
  function startStates(write?: RespondToWrite, approvalStatus = 'needsApproval') {
    const states = new Map<string, object>();
    const written: string[] = [];
    server.reset();
    server.respond(({ method, path, body }) => {
      if (path.includes('/operationApprovalRequests?')) return own(200, { value: [{ status: approvalStatus }] });
      const id = decodeURIComponent(path.split('/').at(-1) ?? '');
      const state = states.get(id) ?? initialState(Number(id.slice('script:user-'.length)));
      if (method === 'GET') return own(200, state);
      written.push(id);
      const response = write?.(id);
      if (response !== undefined) return response;
      const changed = { ...state, ...(JSON.parse(body) as object) };
      states.set(id, changed);
      return own(200, changed);
    });
    return { states, written };
  }

  /** Starts the jobs of one process over a store. */
  function startJobs(
    kept: JobStore,
    options: JobProcessOptions = {},
  ): Jobs & { readonly run: (jobId: string) => Promise<void> } {
    const tokens = createTokenSource(accessTokenCredential('token'), graphScope(new URL(server.baseUrl)), log);
    const { append = async () => undefined, pausesMs = [10], observe = () => undefined, maxWaitMs } = options;
    const { mayWrite = () => true, queue = createMemoryJobQueue(fail) } = options;
    const jobs = createJobs({
      store: kept,
      queue,
      cursors: createCursorCodec([]),
      graph,
      audit: createAudit({ ...loggedTrail([]), append }, reasonOf, observe),
      callerOf: ({ oid }) => ({ tokens, fairnessKey: oid }),
      mayWrite: async () => mayWrite(),
      reasonOf,
      onOutcome: () => undefined,
      onApprovalsHidden: () => undefined,
      onDefect: () => undefined,
      pausesMs,
      ...(maxWaitMs !== undefined && { maxWaitMs }),
    });
    return { ...jobs, run: (jobId) => queue.add(jobId) };
  }

  return { startStates, startJobs };
}
