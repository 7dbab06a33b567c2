import { z } from 'zod/mini';

/** Validation stops at this number of issues: each of thousands of rows can be invalid. */
const maxIssues = 100;

/** The rows of each schema that {@link inputRows} has created, for its JSON Schema. */
export const rowSchemas = new WeakMap<z.core.$ZodType, { readonly row: z.core.$ZodType; readonly maxRows: number }>();

/**
 * Creates the schema of an array of 1 to `maxRows` rows. It checks the number of rows first, and stops at 100 issues,
 * so that validation takes little longer than that of valid rows. It is synchronous, so that no later call overtakes
 * this one on its way to the queues of its states.
 */
export function inputRows<Row extends z.core.$ZodType>(row: Row, maxRows: number) {
  const rows = z.custom<z.output<Row>[], z.input<Row>[]>().check((payload) => {
    const input: unknown = payload.value;
    if (!Array.isArray(input) || input.length === 0 || input.length > maxRows) {
      payload.issues.push({ code: 'custom', input, message: countMessage(input, maxRows) });
      return;
    }
    const outputs: z.output<Row>[] = [];
    for (const [index, item] of input.entries()) {
      const { data, error } = z.safeParse(row, item);
      if (error === undefined) outputs.push(data);
      for (const { path, message } of error?.issues ?? []) {
        payload.issues.push({ code: 'custom', input: item, path: [index, ...path], message });
      }
      if (payload.issues.length >= maxIssues) break;
    }
    payload.value = outputs;
  });
  rowSchemas.set(rows, { row, maxRows });
  return rows;
}

function countMessage(input: unknown, maxRows: number): string {
  if (input === undefined) return 'is required';
  if (!Array.isArray(input)) return 'must be an array';
  return input.length === 0 ? 'must not be empty' : `must have at most ${maxRows} items`;
}
