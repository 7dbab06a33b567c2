const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });

/** A number in full: `1,000`. */
export const formatNumber = (value: number): string => value.toLocaleString('en');

/** A number in full below 10,000, otherwise in compact notation such as `12.3K` or `6.4T`. */
export const formatShort = (value: number): string => (value < 10_000 ? formatNumber(value) : compact.format(value));

/** Items as part of a sentence: `a, b, and c`. */
export const formatList = (items: readonly string[]): string => new Intl.ListFormat('en').format(items);

/** A count with its noun: `1,000 changes`. */
export const pluralize = (count: number, singular: string, plural: string): string =>
  `${formatNumber(count)} ${count === 1 ? singular : plural}`;

/** A share in percent. Never rounds a non-zero share to 0% or an incomplete one to 100%. */
export function formatShare(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return percent.format(0);
  const share = part / whole;
  if (share < 0.01) return `<${percent.format(0.01)}`;
  if (share > 0.99 && share < 1) return `>${percent.format(0.99)}`;
  return percent.format(share);
}

const isDate = (date: string | null): date is string => date !== null && Date.parse(date) > 0;

/**
 * A date and time in the user's time zone and language; `–` if there is none. Graph also writes that as the year 1.
 */
export function formatDate(date: string | null): string {
  return isDate(date) ? new Date(date).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : '–';
}

/** The same without the time. */
export function formatDay(date: string | null): string {
  return isDate(date) ? new Date(date).toLocaleDateString(undefined, { dateStyle: 'medium' }) : '–';
}

/** A point in time for text such as `Last refreshed at 10:32`: the time, with the date unless it is today. */
export function formatTime(time: Date): string {
  const isToday = time.toDateString() === new Date().toDateString();
  return time.toLocaleString(undefined, isToday ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' });
}
