import { countRows, type JobRow } from './job.js';
import type { JobStore } from './job-store.js';

/** The rows of a job that runs. */
export interface RunningRows {
  get(index: number): JobRow;
  all(): readonly JobRow[];
  /** Replaces a row in memory. */
  set(row: JobRow): void;
  /** Replaces a row, and resolves when it is stored. Rows that change at the same time are stored together. */
  save(row: JobRow): Promise<void>;
  /** Stores the rows that could not be stored when they changed. */
  saveLeft(): Promise<void>;
  /** Whether rows are not stored, or must be stored once more. */
  hasLeft(): boolean;
  /** Stores all changed rows again, together with the next ones: the store may have lost them. */
  saveAgain(): void;
}

/** Loads the rows of a job. @param run the number of the run that replaces them */
export async function loadRows(store: JobStore, jobId: string, run: number | undefined): Promise<RunningRows> {
  const rows = [...(await store.rows(jobId, { from: 0, limit: Number.POSITIVE_INFINITY }))];
  const unsaved = new Map<number, JobRow>();
  const saved = new Set<number>();
  let next: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function set(row: JobRow): void {
    rows[row.index] = row;
  }

  async function saveNext(previous: Promise<unknown>): Promise<void> {
    await Promise.all([previous.catch(() => undefined), new Promise(setImmediate)]);
    next = undefined;
    const changed = [...unsaved.values()];
    unsaved.clear();
    try {
      await store.saveRows(jobId, changed, countRows(rows), run);
      for (const { index } of changed) saved.add(index);
    } catch (error) {
      for (const row of changed) if (!unsaved.has(row.index)) unsaved.set(row.index, row);
      saveAgain();
      throw error;
    }
  }

  function saveAgain(): void {
    for (const index of saved) {
      const row = rows[index];
      if (row !== undefined && !unsaved.has(index)) unsaved.set(index, row);
    }
    saved.clear();
  }

  function saveUnsaved(): Promise<void> {
    if (next === undefined) {
      next = saveNext(last);
      last = next;
    }
    return next;
  }

  return {
    get(index) {
      const row = rows[index];
      if (row === undefined) throw new RangeError('no such row');
      return row;
    },
    all: () => rows,
    set,
    save(row) {
      set(row);
      unsaved.set(row.index, row);
      return saveUnsaved();
    },
    saveLeft: async () => (unsaved.size > 0 ? saveUnsaved() : undefined),
    hasLeft: () => unsaved.size > 0,
    saveAgain,
  };
}
