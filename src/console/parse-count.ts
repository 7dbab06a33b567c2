/** Parses a typed count: `undefined` if empty, `NaN` if not a whole number. The schema validates the number itself. */
export function parseCount(text: string): number | undefined {
  const digits = text.trim();
  if (digits === '') return undefined;
  return /^[+-]?\d+$/.test(digits) ? Number(digits) : Number.NaN;
}
