/** Longer waits are shortened to one day. */
const maxWaitMs = 86_400_000;

/**
 * Parses a `Retry-After` in the forms of the header (RFC 9110, 10.2.3) and of Intune's JSON: seconds, fractions of a
 * second, an HTTP or ISO 8601 date, a time span of .NET (`0.00:00:30`) or an ISO 8601 duration (`PT30S`).
 *
 * @returns milliseconds from now, never negative; `undefined` if there is none or it cannot be parsed
 */
export function parseRetryAfter(value: unknown, now = Date.now()): number | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim().slice(0, 64) : '';
  const waitMs = parseSeconds(text) ?? parseTimeSpan(text) ?? parseDuration(text) ?? parseDate(text, now);
  return waitMs === undefined ? undefined : Math.min(maxWaitMs, Math.max(0, Math.ceil(waitMs)));
}

/** If a proxy has repeated the value (`30, 30`), the first one counts. */
function parseSeconds(text: string): number | undefined {
  const seconds = /^(\d{1,9}(?:\.\d+)?)(?:\s*,|$)/.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

/** `[days.]hours:minutes:seconds[.fraction]`. */
function parseTimeSpan(text: string): number | undefined {
  const [matched, days = 0, hours, minutes, seconds] =
    /^(?:(\d{1,5})\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d{1,7})?)$/.exec(text) ?? [];
  return matched === undefined ? undefined : toMs(days, hours, minutes, seconds);
}

function parseDuration(text: string): number | undefined {
  const [matched, days, hours, minutes, seconds] =
    /^P(?=\d|T\d)(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,9}(?:\.\d+)?)S)?)?$/i.exec(text) ?? [];
  return matched === undefined ? undefined : toMs(days, hours, minutes, seconds);
}

type Part = string | number | undefined;

function toMs(days: Part, hours: Part, minutes: Part, seconds: Part): number {
  const total = Number(days ?? 0) * 86_400 + Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60;
  return (total + Number(seconds ?? 0)) * 1_000;
}

function parseDate(text: string, now: number): number | undefined {
  const isDate = /^[A-Z][a-z]{2,8}, \d/.test(text) || /^\d{4}-\d{2}-\d{2}T/.test(text);
  // Without a time zone, Date.parse() assumes that of this machine.
  const hasZone = /(?:GMT|UTC|Z|[+-]\d{2}:?\d{2})$/.test(text);
  const date = isDate ? Date.parse(hasZone ? text : `${text}Z`) : Number.NaN;
  return Number.isNaN(date) ? undefined : date - now;
}
