/**
 * A count as it was typed: `undefined` for nothing, `NaN` for what is no number. Whether the number will do is for the
 * schema to say.
 */
export function readCount(text: string): number | undefined {
  const digits = text.trim();
  if (digits === '') return undefined;
  return /^[+-]?\d+(?:\.\d+)?$/.test(digits) ? Number(digits) : Number.NaN;
}
