import { setImmediate } from 'node:timers/promises';
import { z } from 'zod/mini';

/** Validation stops at this number of issues: each of thousands of rows can be invalid. */
const maxIssues = 100;

/** How long validation may occupy the event loop at a time, in ms. Several calls can validate their rows concurrently. */
const sliceMs = 1;

/**
 * Creates the schema of an array of 1 to `maxRows` rows. It checks the number of rows first, stops at 100 issues, and
 * validates in slices, so that other requests proceed. It needs `parseAsync`.
 */
export function inputRows<Row extends z.core.$ZodType>(row: Row, maxRows: number) {
  const countedRows = z.custom<z.input<Row>[]>().check((payload) => {
    const { value: input } = payload;
    const message = countIssue(input, maxRows);
    if (message !== undefined) payload.issues.push({ code: 'custom', input, message });
  });
  const validated = z.transform(async (rows: z.input<Row>[], { issues }): Promise<z.output<Row>[]> => {
    const outputs: z.output<Row>[] = [];
    let sliceEndsAt = performance.now() + sliceMs;
    for (const [index, input] of rows.entries()) {
      const result = z.safeParse(row, input);
      if (result.success) outputs.push(result.data);
      for (const { path, message } of result.error?.issues ?? []) {
        issues.push({ code: 'custom', input, path: [index, ...path], message });
      }
      if (issues.length >= maxIssues) break;
      if (performance.now() < sliceEndsAt) continue;
      await setImmediate();
      sliceEndsAt = performance.now() + sliceMs;
    }
    return outputs;
  });
  return z.pipe(countedRows, validated);
}

function countIssue(input: unknown, maxRows: number): string | undefined {
  if (input === undefined) return 'is required';
  if (!Array.isArray(input)) return 'must be an array';
  if (input.length === 0) return 'must not be empty';
  return input.length > maxRows ? `must have at most ${maxRows} items` : undefined;
}
