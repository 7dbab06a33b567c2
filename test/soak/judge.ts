/** One write, and what its caller was told of it. */
export interface Told {
  readonly action: 'update' | 'create' | 'delete';
  /** The path of the state, or for a new one that of its script. */
  readonly path: string;
  /** What makes it unlike every other write: the value that it sets. `null` for a deletion. */
  readonly value: string | null;
  /** `OK`, a reason of the contract's, or `LOST` when there was no answer. */
  readonly outcome: string;
}

/** What Graph noted of one request. */
export interface Noted {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly value: string | null;
  readonly applied: boolean;
  readonly status: number | null;
  /** What went wrong on purpose. */
  readonly fault: string | null;
}

/** What a session did and what it saw. */
export interface Seen {
  readonly session: number;
  readonly what: 'another person' | 'signed out, though nobody signed out' | 'there again after a sign-out';
}

/** What was wrong, in words: nothing, if all is well. */
export type Verdict = Readonly<Record<string, readonly string[]>>;

/** What nobody knows the outcome of may have been applied or not. */
const inDoubt = new Set(['OUTCOME_UNKNOWN', 'CLIENT_CLOSED', 'LOST']);

const windowMs = 20_000;

const methods = { update: 'PATCH', create: 'POST', delete: 'DELETE' } as const;

const describeWrite = ({ action, path, value, outcome }: Told) => `${action} ${path} to ${value}: told ${outcome}`;

/** Holds what callers were told against what Graph noted. @param quota writes that may be sent in 20 s */
export function judge(told: readonly Told[], journal: readonly Noted[], seen: readonly Seen[], quota: number): Verdict {
  const keyOf = (method: string, path: string, value: string | null) => `${method} ${path} ${value}`;
  const applied = new Map<string, number>();
  for (const each of journal.filter((entry) => entry.applied)) {
    const key = keyOf(each.method, each.path, each.value);
    applied.set(key, (applied.get(key) ?? 0) + 1);
  }
  const timesApplied = ({ action, path, value }: Told) => applied.get(keyOf(methods[action], path, value)) ?? 0;
  return {
    'told done, and not there': told
      .filter((each) => each.outcome === 'OK' && timesApplied(each) === 0)
      .map(describeWrite),
    'told failed, and there': told
      .filter((each) => each.outcome !== 'OK' && !inDoubt.has(each.outcome) && timesApplied(each) > 0)
      .map(describeWrite),
    'made twice': told.filter((each) => each.action === 'create' && timesApplied(each) > 1).map(describeWrite),
    'out of order': disorder(told, journal),
    'failed of a defect': told.filter(({ outcome }) => outcome === 'INTERNAL').map(describeWrite),
    'sessions mixed up': seen.map(({ session, what }) => `session ${session}: ${what}`),
    'more than the quota': excess(journal, quota),
    'throttled by the service’s own doing': journal
      .filter(({ status, fault }) => status === 429 && fault === null)
      .map(({ method, path, atMs }) => `${method} ${path} at ${atMs} ms`),
  };
}

/** Updates of one state are told here in the order in which they were sent, each after the answer to the one before. */
function disorder(told: readonly Told[], journal: readonly Noted[]): readonly string[] {
  const places = new Map<string, number>();
  for (const [place, { action, path, value }] of told.entries()) {
    if (action === 'update') places.set(`${path} ${value}`, place);
  }
  const last = new Map<string, { readonly place: number; readonly value: string | null }>();
  const wrong: string[] = [];
  for (const { method, path, value } of journal) {
    const place = method === 'PATCH' ? places.get(`${path} ${value}`) : undefined;
    if (place === undefined) continue;
    const before = last.get(path);
    if (before !== undefined && before.place > place) wrong.push(`${path}: ${value} arrived after ${before.value}`);
    else last.set(path, { place, value });
  }
  return wrong;
}

function excess(journal: readonly Noted[], quota: number): readonly string[] {
  const times = journal.filter(({ method }) => method !== 'GET').map(({ atMs }) => atMs);
  const wrong: string[] = [];
  for (const [index, atMs] of times.entries()) {
    const first = times[index - quota];
    if (first !== undefined && atMs - first < windowMs) wrong.push(`${quota + 1} writes from ${first} to ${atMs} ms`);
  }
  return wrong;
}
