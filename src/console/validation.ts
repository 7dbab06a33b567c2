import type { z } from 'zod/mini';
import type { InputSchema } from '../api/inputs/messages.js';

/** The labels of the fields of a state. */
export const fieldLabels = {
  successDeviceCount: 'Devices succeeded',
  errorDeviceCount: 'Devices failed',
  userPrincipalName: 'User principal name',
} as const;

/** The fields of a state that are counts, with their labels. */
export const countFields = [
  ['successDeviceCount', fieldLabels.successDeviceCount],
  ['errorDeviceCount', fieldLabels.errorDeviceCount],
] as const;

/** How to write a count. Completes "Enter" and "must be". */
export const countFormat = 'a whole number with digits only, such as 1000 (not 1,000 or 1.000)';

/**
 * Parses a typed count: `undefined` if empty, `NaN` if it is not digits only. Separators are rejected rather than
 * interpreted: `1.000` is one thousand in some countries and one in others. Only `.0` has no second meaning, and tools
 * that store counts as floating-point numbers write it. The schema validates the number itself; a minus sign is accepted
 * because Graph can have negative counts, which a file of states contains unchanged.
 */
export function parseCount(text: string): number | undefined {
  const digits = text.trim();
  if (digits === '') return undefined;
  // Numbers with more digits than this are not exact, and all are too large for the schema.
  return /^(?:\d+(?:\.0)?|-0*[1-9]\d*)$/.test(digits) ? Math.min(Number(digits), Number.MAX_SAFE_INTEGER) : Number.NaN;
}

/**
 * Validates values of a form with a schema of the service, and reports each problem as a sentence at the field in
 * question.
 *
 * @param path the fields of the form with these values
 * @returns the values, or undefined if they are invalid
 */
export function parseFields<Values>(
  schema: InputSchema<Values>,
  values: Readonly<Record<string, unknown>>,
  path: readonly string[],
  payload: z.core.ParsePayload,
): Values | undefined {
  const { data, error } = schema.safeParse(values);
  for (const {
    path: [field = ''],
    message,
  } of error?.issues ?? []) {
    const value = values[String(field)];
    payload.issues.push({
      code: 'custom',
      input: value,
      path: [...path, field],
      message: fieldMessage(value, message),
    });
  }
  return data;
}

/** The message for a form field whose value a schema rejects. Text that is not a count is parsed as `NaN`. */
function fieldMessage(value: unknown, issueMessage: string): string {
  if (Number.isNaN(value)) return `Enter ${countFormat}`;
  return issueMessage.charAt(0).toUpperCase() + issueMessage.slice(1);
}
