import { createHash } from 'node:crypto';
import { setImmediate as immediate } from 'node:timers/promises';
import { z } from 'zod';
import { CallError } from '../errors.js';
import {
  countJobs,
  countRows,
  type JobRecord,
  type JobRow,
  jobStates,
  type RowCounts,
  rowOutcomes,
} from '../jobs/job.js';
import { type JobLimits, limitReached } from '../jobs/job-limits.js';
import type { JobChange } from '../jobs/job-state.js';
import type { JobPosition, JobStore } from '../jobs/job-store.js';
import { createSealer } from '../seal.js';
import { toLocalTime } from './clock.js';
import type { Redis } from './connection.js';
import { changedChannel, jobIndexKey, jobKey, jobRowsKey, startKey } from './job-keys.js';
import { createJob, readStats, saveRows, updateJob } from './job-scripts.js';
import { mayHaveChanged, storeUnavailable } from './redis-error.js';
import { runScript } from './script.js';

/** The number of rows that are sealed, or read and opened, in one iteration of the event loop. */
const rowsPerStep = 500;

/** How often to try again to change a record that others change at the same time. */
const maxConflicts = 20;

/** The length of the hash of a person in the index: short, since many members contain it. */
const personHashLength = 16;

// A value that opens was sealed by a replica, as this form.
const storedRecord = z.custom<Omit<JobRecord, 'counts'>>((value) => typeof value === 'object' && value !== null);
const storedRow = z.custom<Omit<JobRow, 'index'>>((value) => typeof value === 'object' && value !== null);
const updateReply = z.enum(['changed', 'conflict', 'gone', 'replaced', 'full']);

/** The options of {@link createRedisJobStore}. */
export interface RedisJobStoreOptions {
  /** The first one encrypts; all of them decrypt. */
  readonly secrets: readonly string[];
  readonly limits: JobLimits;
  /** How long a job is kept after it has ended, in milliseconds. */
  readonly retentionMs: number;
  /** Called for each record or row that cannot be opened. */
  readonly onUnreadable: () => void;
}

/** Creates a store of jobs in Redis, shared by all replicas. Records and rows are sealed: they contain names. */
export function createRedisJobStore(redis: Redis, options: RedisJobStoreOptions): JobStore {
  const { secrets, limits, retentionMs, onUnreadable } = options;
  const recordSealer = createSealer(secrets, 'jobs');
  const rowSealer = createSealer(secrets, 'job-rows');

  /** The counts have a field of their own: they change with each row. */
  const sealRecord = (job: JobRecord) => recordSealer.seal(JSON.stringify({ ...job, counts: undefined }), job.jobId);

  function openRecord(jobId: string, sealed: string, counts: string): JobRecord | undefined {
    const text = recordSealer.open(sealed, jobId);
    if (text === undefined) onUnreadable();
    return text === undefined ? undefined : { ...storedRecord.parse(JSON.parse(text)), counts: parseCounts(counts) };
  }

  /** The arguments of a script that stores rows. */
  async function sealRows(jobId: string, rows: readonly JobRow[]): Promise<readonly (string | number)[]> {
    const sealed: (string | number)[] = [];
    for (const [position, { index, ...row }] of rows.entries()) {
      if (position > 0 && position % rowsPerStep === 0) await immediate();
      sealed.push(index, rowSealer.seal(JSON.stringify(row), `${jobId} ${index}`));
    }
    return sealed;
  }

  function openRow(jobId: string, index: number, sealed: string): JobRow {
    const text = rowSealer.open(sealed, `${jobId} ${index}`);
    if (text !== undefined) return { ...storedRow.parse(JSON.parse(text)), index };
    onUnreadable();
    throw storeUnavailable(new Error('a row cannot be read'));
  }

  async function read(jobId: string) {
    const fields = ['record', 'counts', 'version'];
    const [record, counts, version] = await redis.run((commands) => commands.hmGet(jobKey(jobId), fields));
    return record && counts && version ? { record, counts, version } : undefined;
  }

  async function get(jobId: string): Promise<JobRecord | undefined> {
    const stored = await read(jobId);
    return stored && openRecord(jobId, stored.record, stored.counts);
  }

  /** @returns `undefined` if others have changed the job meanwhile */
  async function tryUpdate(jobId: string, change: JobChange, run: number | undefined) {
    const stored = await read(jobId);
    if (stored === undefined) return { job: undefined };
    const job = openRecord(jobId, stored.record, stored.counts);
    // Another replica may have the secret.
    if (job === undefined) throw storeUnavailable(new Error('a job cannot be read'));
    const changed = change(job);
    if (changed === undefined) return { job };
    const record = [jobId, stored.version, run ?? '', sealRecord(changed), changed.state];
    const args = [...record, retentionMs, limits.activePerPerson, limits.active];
    const reply = updateReply.parse(await runScript(redis, updateJob, [], args));
    if (reply === 'replaced') throw replacedRun();
    if (reply === 'full') throw limitReached('jobs');
    if (reply === 'conflict') return undefined;
    return { job: reply === 'gone' ? undefined : changed };
  }

  return {
    isDurable: true,

    async create(job, rows) {
      const { jobId, key, startedBy, startedAt, total, counts, state } = job;
      const started = key === undefined ? '' : startKey(hash(startedBy.oid, key));
      const member = `${startedAt} ${jobId} ${hash(startedBy.oid).slice(0, personHashLength)} ${total}`;
      const record = [jobId, state, member, hash(startedBy.oid), sealRecord(job), formatCounts(counts), total, started];
      const settings = [retentionMs, limits.activePerPerson, limits.active, limits.rowsPerPerson, limits.rows];
      const args = [...record, ...settings, ...(await sealRows(jobId, rows))];
      const stored = z.string().parse(await runScript(redis, createJob, [], args).catch(uncertain));
      if (stored === 'jobs' || stored === 'rows') throw limitReached(stored);
      return stored;
    },

    get,

    async list(after, limit) {
      const jobs: JobRecord[] = [];
      let position = after && lowest(after);
      while (jobs.length < limit) {
        const range = { BY: 'LEX', REV: true, LIMIT: { offset: 0, count: limit - jobs.length } } as const;
        const max = position === undefined ? '+' : `(${position}`;
        const members = await redis.run((commands) => commands.zRange(jobIndexKey, max, '-', range));
        const ids = members.map((member) => member.split(' ')[1] ?? '');
        jobs.push(...(await Promise.all(ids.map(get))).filter((job) => job !== undefined));
        position = members.at(-1);
        if (position === undefined) break;
      }
      return jobs;
    },

    async update(jobId, change, run) {
      for (let conflicts = 0; conflicts < maxConflicts; conflicts++) {
        const result = await tryUpdate(jobId, change, run);
        if (result !== undefined) return result.job;
      }
      throw storeUnavailable(new Error('the job changes too often'));
    },

    async rows(jobId, { from, limit, outcome }) {
      const selected: JobRow[] = [];
      for (let first = from; selected.length < limit; first += rowsPerStep) {
        const fields = Array.from({ length: rowsPerStep }, (_, offset) => String(first + offset));
        const sealed = await redis.run((commands) => commands.hmGet(jobRowsKey(jobId), fields));
        for (const [offset, text] of sealed.entries()) {
          // The last row is not at the end of a step.
          if (!text) return selected;
          const row = openRow(jobId, first + offset, text);
          if (outcome === undefined || row.outcome === outcome) selected.push(row);
          if (selected.length === limit) return selected;
        }
      }
      return selected;
    },

    async saveRows(jobId, rows, counts, run) {
      const args = [jobId, run ?? '', formatCounts(counts), ...(await sealRows(jobId, rows))];
      if ((await runScript(redis, saveRows, [], args)) !== 1) throw replacedRun();
    },

    async stats() {
      const reply = z.array(z.number()).parse(await runScript(redis, readStats, [], [retentionMs, ...jobStates]));
      const [rows = 0, oldest = 0, waitingRows = 0, ...numbers] = reply;
      const byState = Object.fromEntries(jobStates.map((state, index) => [state, numbers[index] ?? 0]));
      return {
        jobs: { ...countJobs([]), ...byState },
        oldestActiveAtMs: oldest === 0 ? undefined : toLocalTime(redis, oldest),
        waitingRows,
        rows,
        maxRows: limits.rows,
      };
    },

    onChange(listener) {
      redis.subscribe(changedChannel, (message) => {
        const [jobId = '', part] = message.split(' ');
        listener(jobId === '' ? undefined : jobId, part === 'rows' ? 'rows' : 'all');
      });
      // Messages published during the disconnection are lost. After a failover, so may be the latest writes.
      redis.onConnected(() => listener(undefined, 'reconnected'));
    },
  };
}

/** Hashed, so that no key contains the id of a person. */
const hash = (...texts: readonly string[]) => createHash('sha256').update(texts.join(' ')).digest('base64url');

/** The error of a write of a run that a later one has replaced, or whose job no longer exists. */
const replacedRun = () => storeUnavailable(new Error('the run has been replaced'));

/** The reply is lost or late, but the job may be stored, and will then be run. */
function uncertain(error: unknown): never {
  if (error instanceof CallError && mayHaveChanged(error)) throw error.withReason('OUTCOME_UNKNOWN', 'unknown');
  throw error;
}

/** Before all texts of the index that begin with the position, and after all earlier ones. */
const lowest = ({ startedAt, jobId }: JobPosition) => `${startedAt} ${jobId}`;

const formatCounts = (counts: RowCounts): string => rowOutcomes.map((outcome) => counts[outcome]).join(' ');

function parseCounts(text: string): RowCounts {
  const numbers = text.split(' ').map(Number);
  return { ...countRows([]), ...Object.fromEntries(rowOutcomes.map((each, index) => [each, numbers[index] ?? 0])) };
}
