/** The fields of a state that are counts, with their labels. */
export const countFields = [
  ['successDeviceCount', 'Devices succeeded'],
  ['errorDeviceCount', 'Devices failed'],
] as const;

/** Parses a typed count: `undefined` if empty, `NaN` if not a whole number. The schema validates the number itself. */
export function parseCount(text: string): number | undefined {
  const digits = text.trim();
  if (digits === '') return undefined;
  return /^[+-]?\d+$/.test(digits) ? Number(digits) : Number.NaN;
}

/** The message for a form field whose value a schema rejects. Text that is not a count is parsed as `NaN`. */
export function fieldMessage(value: unknown, issueMessage: string): string {
  if (Number.isNaN(value)) return 'Enter a whole number';
  return issueMessage.charAt(0).toUpperCase() + issueMessage.slice(1);
}
