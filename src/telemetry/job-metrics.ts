import { Counter, Gauge, type Registry } from 'prom-client';
import { jobStates, type RowOutcome, rowOutcomes } from '../jobs/job.js';
import type { JobStats } from '../jobs/job-store.js';

/** Counts the outcomes of rows of jobs. */
export interface JobRecorder {
  /** This replica has stored an outcome of a row. */
  readonly jobRow: (outcome: RowOutcome) => void;
}

/** The metrics of jobs. */
export interface JobMetrics extends JobRecorder {
  /** Sets the gauges, or removes them while the store of jobs is unavailable: a 0 would be wrong. */
  show(stats: JobStats | undefined): void;
}

/** Creates the metrics of jobs. All replicas report the same gauges, since they share a store. */
export function createJobMetrics(registry: Registry): JobMetrics {
  const about = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) => ({
    name: `script_state_bff_${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  const rows = new Counter(about('job_rows_total', 'Rows of jobs by outcome, counted by the replica.', ['outcome']));
  const jobs = new Gauge(about('jobs', 'Stored jobs by state.', ['state']));
  const waiting = new Gauge(about('job_rows_waiting', 'Rows of active jobs that have no outcome.'));
  const stored = new Gauge(about('job_rows_stored', 'Rows of all stored jobs.'));
  const limit = new Gauge(about('job_rows_limit', 'The maximum number of rows in the store of jobs.'));
  const age = new Gauge(
    about('job_oldest_active_seconds', 'How long the oldest active job has been in its state; 0 if no job is active.'),
  );
  for (const outcome of rowOutcomes) if (outcome !== 'waiting') rows.inc({ outcome }, 0);

  function show(stats: JobStats | undefined): void {
    if (stats === undefined) {
      jobs.reset();
      for (const gauge of [waiting, stored, limit, age]) gauge.remove();
      return;
    }
    for (const state of jobStates) jobs.set({ state }, stats.jobs[state]);
    waiting.set(stats.waitingRows);
    stored.set(stats.rows);
    limit.set(stats.maxRows);
    const now = Date.now();
    age.set(Math.max(0, now - (stats.oldestActiveAtMs ?? now)) / 1_000);
  }

  show(undefined);
  return { jobRow: (outcome) => rows.inc({ outcome }), show };
}
