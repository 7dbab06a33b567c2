/** A JSON object. */
export type JsonRecord = Readonly<Record<string, unknown>>;

const byteOrderMark = /^\uFEFF/;

/** Parses JSON, also after a byte order mark; `undefined` for anything else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(byteOrderMark, ''));
  } catch {
    return undefined;
  }
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses a JSON object; `undefined` for anything else. */
export function parseRecord(text: string): JsonRecord | undefined {
  // Most texts are no JSON. Throwing an error for each of them would be slow.
  const value = /^\s*\{/.test(text) ? parseJson(text) : undefined;
  return isRecord(value) ? value : undefined;
}
