import { isRecord, type JsonRecord, parseRecord } from './json.js';

/** The parts of an error response's body, from all levels of its nesting. */
export interface ErrorBody {
  /** The codes as sent, from the outermost to the innermost. */
  readonly codes: readonly string[];
  /** The messages that are not JSON themselves, truncated. The first one is the innermost of the chain of messages. */
  readonly texts: readonly string[];
  /** Intune's short names for causes. */
  readonly phrases: readonly string[];
  /** The values of `RetryAfter`, the innermost first. */
  readonly retryAfters: readonly unknown[];
  readonly requestId: string | undefined;
  readonly approvalCode: string | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/**
 * How deep objects and JSON in texts may be nested. Intune puts its errors as JSON into `message`, sometimes twice,
 * each with an `error`, `message` or `innerError` of its own.
 */
const maxDepth = 8;

/** The maximum length and number of Graph's texts that are kept, so that searching them is fast. */
const maxTextLength = 2_000;
const maxCodeLength = 200;
const maxTexts = 10;

/** The maximum number of `details` that are read. */
const maxDetails = 5;

/** Reads an error in the forms of Graph, Intune and OData 3. Other bodies, such as HTML, result in an empty one. */
export function parseErrorBody(text: string): ErrorBody {
  const found: Mutable<ErrorBody> = {
    codes: [],
    texts: [],
    phrases: [],
    retryAfters: [],
    requestId: undefined,
    approvalCode: undefined,
  };
  const body = parseRecord(text);
  if (body !== undefined) collect(body, 0, found);
  return found;
}

function collect(record: JsonRecord, depth: number, found: Mutable<ErrorBody>): void {
  if (depth > maxDepth) return;
  const fields = lowerCaseNames(record);
  const code = firstText(fields, 'errorcode', 'code');
  if (code !== undefined) keep(found.codes, code, maxCodeLength);
  const phrase = firstText(fields, 'customapierrorphrase');
  if (phrase !== undefined) keep(found.phrases, phrase, maxCodeLength);

  const details: unknown = fields.get('details');
  const nested: unknown[] = ['error', 'odata.error', 'message', 'value', 'innererror'].map((name) => fields.get(name));
  if (Array.isArray(details)) nested.push(...(details as readonly unknown[]).slice(0, maxDetails));
  for (const value of nested) {
    const inner = typeof value === 'string' ? parseRecord(value) : value;
    if (isRecord(inner)) collect(inner, depth + 1, found);
    else if (typeof value === 'string' && value !== '') keep(found.texts, value, maxTextLength);
  }

  // The headers of the response that Intune got from one of its own services.
  const headers = lowerCaseNames(parseRecord(firstText(fields, 'httpheaders') ?? '') ?? {});
  found.retryAfters.push(fields.get('retryafter'), headers.get('retry-after'));
  found.requestId ??= firstText(fields, 'request-id', 'requestid');
  found.approvalCode ??=
    firstText(fields, 'x-msft-approval-code', 'approvalcode') ?? firstText(headers, 'x-msft-approval-code');
}

function keep(list: string[], text: string, maxLength: number): void {
  if (list.length < maxTexts) list.push(text.slice(0, maxLength));
}

/** Graph, Intune and OData differ in case: `innerError` and `innererror`, `message` and `Message`. */
function lowerCaseNames(record: JsonRecord): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The first of these fields that is a text and not empty. */
function firstText(fields: ReadonlyMap<string, unknown>, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields.get(name);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
