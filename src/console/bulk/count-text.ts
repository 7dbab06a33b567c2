/**
 * A count as it was typed: `undefined` for nothing, `NaN` for what is no number. Whether the number will do is for the
 * schema to say.
 */
export function readCount(text: string): number | undefined {
  const digits = text.trim();
  if (digits === '') return undefined;
  return /^[+-]?\d+(?:\.\d+)?$/.test(digits) ? Number(digits) : Number.NaN;
}

/** What is wrong with a value: the schema's own words, except for a text in the place of a number. */
export function wordsFor(value: unknown, message: string): string {
  return Number.isNaN(value) ? 'wants a whole number' : message;
}
