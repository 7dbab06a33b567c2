import { beforeEach, expect } from 'vitest';
import { reasonOf } from '../../src/api/errors.js';
import { createAudit } from '../../src/audit/audit.js';
import { CallError } from '../../src/errors.js';
import type { Caller } from '../../src/graph/graph.js';
import type { GraphService } from '../../src/graph/graph-service.js';
import { createGraph } from '../../src/graph/graph-service.js';
import type { StateRef } from '../../src/graph/ids.js';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { accessTokenCredential, graphScope } from '../../src/graph/tokens/credential.js';
import { createTokenSource } from '../../src/graph/tokens/credential-token-source.js';
import type { Job, JobActor, JobRow, JobState } from '../../src/jobs/job.js';
import { jobLimits } from '../../src/jobs/job-limits.js';
import { createMemoryJobQueue } from '../../src/jobs/job-queue.js';
import { createJobs, type Jobs } from '../../src/jobs/jobs.js';
import { createMemoryJobStore } from '../../src/jobs/memory-job-store.js';
import { createLog } from '../../src/log.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import { noMetrics } from '../../src/telemetry/metrics.js';
import { useFixture } from './fixture.js';
import { loggedTrail } from './service.js';
import { startTestSimulator, type TestSimulator } from './simulator.js';

/** The permissions of the token with which jobs call the simulator. */
const jobPermissions = ['DeviceManagementScripts.ReadWrite.All', 'DeviceManagementRBAC.Read.All'];

const token = 'token-of-jobs';
const slowly = { interval: 10, timeout: 60_000 };

/** Jobs whose Graph is the simulator. */
export interface SimulatedJobs {
  readonly simulator: TestSimulator;
  readonly graph: GraphService;
  readonly jobs: Jobs;
  readonly states: readonly StateRef[];
  readonly actor: JobActor;
  /** With the token of the jobs. */
  readonly caller: Caller;
  /** Why Graph does not show approvals, for each time that it was reported. */
  readonly hidden: CallError[];
  /** Sets whether the actor may write; `undefined`: it is not known. */
  setMayWrite(mayWrite: boolean | undefined): void;
  /** Starts a job that sets the success count of the first states to values that no other one has. */
  start(count: number, justification?: string): Promise<string>;
  until(jobId: string, ...states: readonly JobState[]): Promise<Job>;
  rows(jobId: string): Promise<readonly JobRow[]>;
}

async function startSimulatedJobs(): Promise<SimulatedJobs & { readonly stop: () => Promise<void> }> {
  const simulator = await startTestSimulator();
  await simulator.register(token, jobPermissions);
  await simulator.settings({ writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
  const log = createLog('silent', { write: () => undefined });
  const cursors = createCursorCodec([]);
  const graph = createGraph({
    baseUrl: new URL(simulator.baseUrl),
    cursors,
    deadlineMs: 10_000,
    writesPer20s: 100_000,
    log,
    observer: noMetrics.graph,
    connect: createOutbound({}).connect,
  });
  const tokens = createTokenSource(accessTokenCredential(token), graphScope(new URL(simulator.baseUrl)), log);
  const caller = { tokens, fairnessKey: 'person' };
  const kind = 'deviceShellScript';
  const [script] = (await graph.scripts.list(kind, undefined, { caller })).items;
  const target = { scriptKind: kind, scriptId: script?.id ?? expect.fail('no script') } as const;
  const { items } = await graph.userStates.list(target, undefined, { caller });
  let counter = 1_000;
  let mayWrite: boolean | undefined = true;
  const actor = { oid: 'person', name: 'Person', requestId: 'request' };
  const jobs: Jobs = createJobs({
    store: createMemoryJobStore(jobLimits, 3_600_000),
    queue: createMemoryJobQueue((error) => {
      throw error;
    }),
    cursors,
    graph,
    audit: createAudit(loggedTrail([]), reasonOf, () => undefined),
    callerOf: () => ({ ...caller }),
    async mayWrite() {
      if (mayWrite === undefined) throw new CallError('OVERLOADED');
      return mayWrite;
    },
    reasonOf,
    onApprovalsHidden: (error) => started.hidden.push(error),
    onOutcome: () => undefined,
    onDefect: (_, error) => {
      throw error;
    },
    pausesMs: [10],
    recheckMs: 20,
    approvalIntervalMs: { shortest: 20, longest: 20 },
  });
  const started: SimulatedJobs & { readonly stop: () => Promise<void> } = {
    simulator,
    graph,
    jobs,
    states: items.map(({ id }) => ({ ...target, userStateId: id })),
    actor,
    caller,
    hidden: [],
    setMayWrite(value) {
      mayWrite = value;
    },
    start(count, justification) {
      const updates = started.states
        .slice(0, count)
        .map((state) => ({ ...state, patch: { successDeviceCount: counter++ } }));
      return jobs.start(actor, { updates, justification });
    },
    async until(jobId, ...wanted) {
      await expect.poll(async () => (await jobs.get(jobId)).state, slowly).toBeOneOf([...wanted]);
      return jobs.get(jobId);
    },
    rows: async (jobId) => (await jobs.results(jobId, undefined, undefined)).items,
    async stop() {
      await simulator.reset();
      await jobs.stop();
      await graph.close();
      await simulator.close();
    },
  };
  return started;
}

/** Starts jobs whose Graph is the simulator, resets it before each test, and stops both. */
export function useSimulatedJobs(): SimulatedJobs {
  const started = useFixture(startSimulatedJobs, (each) => each.stop());
  beforeEach(async () => {
    const { items } = await started.jobs.list(undefined);
    await Promise.all(items.map(({ jobId }) => started.jobs.cancel(jobId)));
    for (const { jobId } of items) await started.until(jobId, 'done', 'cancelled');
    await started.simulator.reset();
    await started.simulator.settings({ approval: false });
    await started.simulator.clearApprovals();
    await started.simulator.register(token, jobPermissions);
    started.setMayWrite(true);
    started.hidden.length = 0;
  });
  return started;
}
