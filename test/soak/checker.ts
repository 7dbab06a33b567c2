/** One write, and the outcome that was reported to its caller. */
export interface ReportedWrite {
  readonly action: 'update' | 'create' | 'delete';
  /** The path of the state; for a new state, that of the states of its script. */
  readonly path: string;
  /** The value that it sets, which no other write sets. `null` for a delete. */
  readonly value: string | null;
  /** `OK`, a reason of the contract, or `LOST` without a response. */
  readonly outcome: string;
}

/** One request in the journal of the simulator. */
export interface JournalRecord {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly value: string | null;
  readonly applied: boolean;
  readonly status: number | null;
  /** The fault that was injected. */
  readonly fault: string | null;
}

/** One line of the audit trail. */
export interface AuditRecord {
  /** On the clock of the journal. */
  readonly atMs: number;
  readonly phase: 'intent' | 'outcome';
  readonly action: ReportedWrite['action'];
  /** As in {@link ReportedWrite}. */
  readonly path: string;
  readonly value: string | null;
  /** `null` for an intent. */
  readonly outcome: string | null;
}

/** A forbidden observation of a session. */
export interface SessionViolation {
  readonly session: number;
  readonly what: 'another user' | 'signed out without a sign-out' | 'valid after a sign-out';
}

/** One row of a job. */
export interface ReportedRow {
  readonly path: string;
  /** The value that it sets, which nothing else sets. */
  readonly value: string;
  /** As the service has reported it at the end. */
  readonly outcome: string;
}

/** A job, as the service has reported it at the end. */
export interface ReportedJob {
  /** Identifies its start. */
  readonly key: string;
  /** The ids of the jobs with this key. */
  readonly ids: readonly string[];
  /** `undefined` if it was lost. */
  readonly state: string | undefined;
  /** Whether it must outlive the process. */
  readonly isDurable: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly total: number;
  readonly rows: readonly ReportedRow[];
  /** Whether a stream has reported its end. */
  readonly isEndSeen: boolean;
}

/** Descriptions of the violations of each rule; all lists are empty after a correct run. */
export type Violations = Readonly<Record<string, readonly string[]>>;

/** Outcomes after which a write may or may not be applied. */
const unknownOutcomes = new Set(['OUTCOME_UNKNOWN', 'CLIENT_CLOSED', 'LOST']);

const windowMs = 20_000;

const methods = { update: 'PATCH', create: 'POST', delete: 'DELETE' } as const;

const describeWrite = ({ action, path, value, outcome }: ReportedWrite) =>
  `${action} ${path} to ${value}: reported ${outcome}`;

const keyOf = (method: string, path: string, value: string | null) => `${method} ${path} ${value}`;

/** All that is known about the writes of a run. */
export interface WriteHistory {
  /** What callers were told. */
  readonly reported: readonly ReportedWrite[];
  /** What Graph received. */
  readonly journal: readonly JournalRecord[];
  /** The lines of all audit trails. */
  readonly audited: readonly AuditRecord[];
}

/**
 * Compares the outcomes that were reported to callers with the journal of the simulator, and both with the audit trail.
 *
 * @param quota writes that may be sent in 20 s
 */
export function checkHistory(
  { reported, journal, audited }: WriteHistory,
  sessions: readonly SessionViolation[],
  quota: number,
): Violations {
  const applied = new Map<string, number>();
  for (const each of journal.filter((entry) => entry.applied)) {
    const key = keyOf(each.method, each.path, each.value);
    applied.set(key, (applied.get(key) ?? 0) + 1);
  }
  const timesApplied = ({ action, path, value }: ReportedWrite) =>
    applied.get(keyOf(methods[action], path, value)) ?? 0;
  return {
    'reported done, but not applied': reported
      .filter((each) => each.outcome === 'OK' && timesApplied(each) === 0)
      .map(describeWrite),
    'reported failed, but applied': reported
      .filter((each) => each.outcome !== 'OK' && !unknownOutcomes.has(each.outcome) && timesApplied(each) > 0)
      .map(describeWrite),
    'created twice': reported.filter((each) => each.action === 'create' && timesApplied(each) > 1).map(describeWrite),
    'out of order': findReordered(reported, journal),
    'writes without intent': findWithoutIntent(journal, audited),
    'done without outcome': findWithoutOutcome(reported, audited).map(describeWrite),
    'internal errors': reported.filter(({ outcome }) => outcome === 'INTERNAL').map(describeWrite),
    'sessions mixed up': sessions.map(({ session, what }) => `session ${session}: ${what}`),
    'quota exceeded': findExcess(journal, quota),
    'throttled without a fault': journal
      .filter(({ status, fault }) => status === 429 && fault === null)
      .map(({ method, path, atMs }) => `${method} ${path} at ${atMs} ms`),
  };
}

const hasEnded = ({ state }: ReportedJob) => state === 'done' || state === 'cancelled';

/** Compares what was reported of jobs with itself, and with the journal of the simulator. */
export function checkJobs(jobs: readonly ReportedJob[], journal: readonly JournalRecord[]): Violations {
  const ended = jobs.filter(hasEnded);
  const sent = new Map<string, JournalRecord[]>();
  for (const each of journal.filter(({ method }) => method === 'PATCH')) {
    const key = `${each.path} ${each.value}`;
    sent.set(key, [...(sent.get(key) ?? []), each]);
  }
  const isSentAgain = ({ path, value }: ReportedRow) =>
    sent
      .get(`${path} ${value}`)
      ?.slice(0, -1)
      .some(({ applied }) => applied) === true;
  return {
    'jobs lost': jobs.filter(({ state, isDurable }) => isDurable && state === undefined).map(({ key }) => key),
    'jobs that did not end': jobs
      .filter((job) => job.state !== undefined && !hasEnded(job))
      .map(({ key, state }) => `${key} is ${state}`),
    'jobs started twice': jobs.filter(({ ids }) => ids.length > 1).map(({ key, ids }) => `${key}: ${ids.join(', ')}`),
    'rows of jobs lost': ended
      .filter(({ rows, total }) => rows.length !== total || rows.some(({ outcome }) => outcome === 'waiting'))
      .map(({ key, rows, total }) => `${key}: ${rows.length} of ${total} rows`),
    'counts that are not those of the rows': ended.filter(hasWrongCounts).map(({ key }) => key),
    'rows sent again after they were applied': jobs
      .flatMap(({ rows }) => rows)
      .filter(isSentAgain)
      .map(({ path, value }) => `${path} to ${value}`),
    'ends of jobs that no stream reported': ended.filter(({ isEndSeen }) => !isEndSeen).map(({ key }) => key),
  };
}

function hasWrongCounts({ counts, rows, total }: ReportedJob): boolean {
  const sum = Object.values(counts).reduce((all, count) => all + count, 0);
  const isWrong = ([outcome, count]: readonly [string, number]) =>
    rows.filter((row) => row.outcome === outcome).length !== count;
  return sum !== total || Object.entries(counts).some(isWrong);
}

/** Writes that were applied although no intent was recorded before their arrival. */
function findWithoutIntent(journal: readonly JournalRecord[], audited: readonly AuditRecord[]): readonly string[] {
  const intents = new Map<string, number>();
  for (const { phase, action, path, value, atMs } of audited) {
    if (phase !== 'intent') continue;
    const key = keyOf(methods[action], path, value);
    intents.set(key, Math.min(atMs, intents.get(key) ?? atMs));
  }
  return journal
    .filter(
      ({ applied, method, path, value, atMs }) =>
        applied && !((intents.get(keyOf(method, path, value)) ?? Infinity) <= atMs),
    )
    .map(({ method, path, value, atMs }) => `${method} ${path} to ${value} at ${atMs} ms`);
}

/** Writes that were reported done although no line says that they were applied. */
function findWithoutOutcome(
  reported: readonly ReportedWrite[],
  audited: readonly AuditRecord[],
): readonly ReportedWrite[] {
  const outcomes = new Set(
    audited
      .filter(({ phase, outcome }) => phase === 'outcome' && outcome === 'applied')
      .map(({ action, path, value }) => keyOf(action, path, value)),
  );
  return reported.filter(
    ({ action, path, value, outcome }) => outcome === 'OK' && !outcomes.has(keyOf(action, path, value)),
  );
}

/**
 * The updates of one state are reported in the order of their calls, each of which follows the response to the last.
 */
function findReordered(reported: readonly ReportedWrite[], journal: readonly JournalRecord[]): readonly string[] {
  const positions = new Map<string, number>();
  for (const [position, { action, path, value }] of reported.entries()) {
    if (action === 'update') positions.set(`${path} ${value}`, position);
  }
  const last = new Map<string, { readonly position: number; readonly value: string | null }>();
  const violations: string[] = [];
  for (const { method, path, value } of journal) {
    const position = method === 'PATCH' ? positions.get(`${path} ${value}`) : undefined;
    if (position === undefined) continue;
    const previous = last.get(path);
    if (previous !== undefined && previous.position > position) {
      violations.push(`${path}: ${value} arrived after ${previous.value}`);
    } else last.set(path, { position, value });
  }
  return violations;
}

function findExcess(journal: readonly JournalRecord[], quota: number): readonly string[] {
  const times = journal.filter(({ method }) => method !== 'GET').map(({ atMs }) => atMs);
  const violations: string[] = [];
  for (const [index, atMs] of times.entries()) {
    const first = times[index - quota];
    if (first !== undefined && atMs - first < windowMs)
      violations.push(`${quota + 1} writes from ${first} to ${atMs} ms`);
  }
  return violations;
}
