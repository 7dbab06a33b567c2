import { countJobs, type JobRecord, type JobRow, type Person } from './job.js';
import { type JobLimits, limitReached } from './job-limits.js';
import { hasEnded, isActive } from './job-state.js';
import type { ChangedPart, JobPosition, JobStore } from './job-store.js';

interface StoredJob {
  record: JobRecord;
  readonly rows: JobRow[];
}

/**
 * Creates a store in the memory of this process.
 *
 * @param retentionMs how long a job is kept after it has ended
 */
export function createMemoryJobStore(limits: JobLimits, retentionMs: number): JobStore {
  const jobs = new Map<string, StoredJob>();
  const listeners = new Set<Parameters<JobStore['onChange']>[0]>();

  const notify = (jobId: string, part: ChangedPart = 'all') => {
    for (const listener of listeners) listener(jobId, part);
  };

  function deleteExpired(): void {
    const changedBefore = Date.now() - retentionMs;
    for (const [jobId, { record }] of jobs) {
      if (hasEnded(record) && record.changedAtMs <= changedBefore) {
        jobs.delete(jobId);
        notify(jobId);
      }
    }
  }

  const records = () => Array.from(jobs.values(), ({ record }) => record);

  /** @throws {CallError} if no further job may be active */
  function requireActivation(person: Person): void {
    const active = records().filter(isActive);
    const own = active.filter(({ startedBy }) => startedBy.oid === person.oid);
    if (active.length >= limits.active || own.length >= limits.activePerPerson) throw limitReached('jobs');
  }

  /** @throws {CallError} if the rows do not fit */
  function requireSpace(person: Person, newRows: number): void {
    const all = records();
    const own = all.filter(({ startedBy }) => startedBy.oid === person.oid);
    if (rowsOf(all) + newRows > limits.rows || rowsOf(own) + newRows > limits.rowsPerPerson) throw limitReached('rows');
  }

  return {
    isDurable: false,
    async create(record, rows) {
      deleteExpired();
      const { startedBy, key } = record;
      for (const { record: each } of jobs.values()) {
        if (key !== undefined && each.key === key && each.startedBy.oid === startedBy.oid) return each.jobId;
      }
      requireActivation(startedBy);
      requireSpace(startedBy, rows.length);
      jobs.set(record.jobId, { record, rows: [...rows] });
      return record.jobId;
    },
    async get(jobId) {
      deleteExpired();
      return jobs.get(jobId)?.record;
    },
    async list(after, limit) {
      deleteExpired();
      const sorted = records().toSorted(newestFirst);
      return sorted.filter((record) => after === undefined || newestFirst(record, after) > 0).slice(0, limit);
    },
    async update(jobId, change) {
      const job = jobs.get(jobId);
      if (job === undefined) return undefined;
      const changed = change(job.record);
      if (changed === undefined) return job.record;
      if (changed.state === 'queued' && !isActive(job.record)) requireActivation(job.record.startedBy);
      job.record = changed;
      notify(jobId);
      return changed;
    },
    async rows(jobId, { from, limit, outcome }) {
      const selected: JobRow[] = [];
      const rows = jobs.get(jobId)?.rows ?? [];
      for (let index = from; index < rows.length && selected.length < limit; index++) {
        const row = rows[index];
        if (row !== undefined && (outcome === undefined || row.outcome === outcome)) selected.push(row);
      }
      return selected;
    },
    async saveRows(jobId, rows, counts) {
      const job = jobs.get(jobId);
      if (job === undefined) return;
      for (const row of rows) job.rows[row.index] = row;
      job.record = { ...job.record, counts };
      notify(jobId, 'rows');
    },
    async stats() {
      deleteExpired();
      const all = records();
      const active = all.filter(isActive);
      return {
        jobs: countJobs(all),
        oldestActiveAtMs: active.length > 0 ? Math.min(...active.map((each) => each.changedAtMs)) : undefined,
        waitingRows: sum(active.map((each) => each.counts.waiting)),
        rows: rowsOf(all),
        maxRows: limits.rows,
      };
    },
    onChange: (listener) => void listeners.add(listener),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const rowsOf = (records: readonly JobRecord[]): number => sum(records.map(({ total }) => total));

function newestFirst(one: JobPosition, other: JobPosition): number {
  if (one.startedAt !== other.startedAt) return one.startedAt < other.startedAt ? 1 : -1;
  return one.jobId < other.jobId ? 1 : one.jobId > other.jobId ? -1 : 0;
}
