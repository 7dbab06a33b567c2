import { CallError, type CallErrorDetails, type CallReason } from '../../errors.js';
import { parseJson } from './json.js';
import { parseRetryAfter } from './retry-after.js';
import type { GraphResponse } from './transport.js';

/** Intune puts its errors as JSON into `message`, sometimes twice. Deeper nesting has not been observed. */
const maxDepth = 4;

/** The innermost error of a response. */
interface UnwrappedError {
  readonly code?: string;
  readonly text: string;
  readonly retryAfter?: unknown;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = /^\s*\{/.test(text) ? parseJson(text) : undefined;
  return isRecord(value) ? value : undefined;
}

/** Follows `message` and `Message` while they are JSON. */
function unwrap(text: string, depth = 0): UnwrappedError {
  const outer = depth < maxDepth ? parseRecord(text) : undefined;
  if (outer === undefined) return { text: depth === 0 ? '' : text.slice(0, maxTextLength) };
  const error = isRecord(outer['error']) ? outer['error'] : outer;
  const message = error['message'] ?? error['Message'];
  const inner = unwrap(typeof message === 'string' ? message : '', depth + 1);
  const code = typeof error['code'] === 'string' && /^[\w.-]{1,64}$/.test(error['code']) ? error['code'] : inner.code;
  return {
    text: inner.text,
    ...(code !== undefined && { code }),
    retryAfter: inner.retryAfter ?? error['RetryAfter'] ?? undefined,
  };
}

/** Graph's text is truncated to this length before it is searched. */
const maxTextLength = 2_000;

/** Keeps the part of Graph's text that is meant for users: no operation ids, addresses, names or tokens. */
function redactForUsers(text: string): string {
  if (/[<{]/.test(text)) return '';
  return (text.split(/ - (?:Operation ID|Activity ID|Url)\b/i)[0] ?? '')
    .replaceAll(/\S+/g, (word) => (isSafeWord(word) ? word : '…'))
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 400);
}

/** Whether a word is neither the address of a machine or a person, nor long enough to be a token. */
function isSafeWord(word: string): boolean {
  return word.length < 48 && !/@|:\/\/|:\d|\d\.\d+\.\d|[a-z0-9-]+(\.[a-z0-9-]+){2,}/.test(word);
}

const guid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/** Parses the permissions that a 403 lists: `… must have one of the following scopes: A.B, C.D - Operation ID …`. */
function missingPermissions(text: string): readonly string[] | undefined {
  const list = /scopes?:([A-Za-z.,\s]+)/i.exec(text)?.[1];
  return list?.split(/[\s,]+/).flatMap((name) => /^[A-Za-z]+(?:\.[A-Za-z]+)+/.exec(name)?.[0] ?? []);
}

/** The reason of an error that is not about approval: by its status and, where that is ambiguous, by its text. */
function reasonFor(status: number, text: string): CallReason {
  if (status < 400) return 'GRAPH_PROTOCOL';
  if (status >= 500 || status === 408) return 'GRAPH_UNAVAILABLE';
  switch (status) {
    case 401:
      return 'CREDENTIAL_UNAVAILABLE';
    case 403:
      return 'GRAPH_PERMISSION_MISSING';
    case 404:
      return 'GRAPH_NOT_FOUND';
    case 409:
      return 'CONFLICT';
    case 429:
      return 'THROTTLED';
    default:
      return /no method match route template|no odata route exists/i.test(text)
        ? 'GRAPH_ROUTE_NOT_IMPLEMENTED'
        : 'GRAPH_REJECTED';
  }
}

/** Whether Graph has queued a write for a second administrator. The status can also be 202. */
export function isQueuedForApproval({ status, headers }: GraphResponse): boolean {
  return (status >= 400 || status === 202) && headers.get('x-msft-approval-code') !== undefined;
}

/** Converts a response other than 2xx to an error. */
export function errorFromResponse(response: GraphResponse): CallError {
  const { status, headers } = response;
  const unwrapped = unwrap(response.text);
  const retryAfterMs = parseRetryAfter(headers.get('retry-after')) ?? parseRetryAfter(unwrapped.retryAfter);
  const activityId = new RegExp(`Activity ID:\\s*(${guid.source})`, 'i').exec(response.text.slice(0, 16_384))?.[1];
  const details: CallErrorDetails = {
    status,
    graph: { ...response.ids, ...(activityId !== undefined && { activityId }) },
    publicMessage: redactForUsers(unwrapped.text),
    ...(unwrapped.code !== undefined && { code: unwrapped.code }),
  };
  if (isQueuedForApproval(response) || status === 412) {
    const code =
      /^[\w-]{1,64}$/.exec(headers.get('x-msft-approval-code') ?? '')?.[0] ??
      guid.exec(/approval.*/is.exec(unwrapped.text)?.[0] ?? '')?.[0];
    return new CallError('APPROVAL_PENDING', { ...details, ...(code !== undefined && { approvalCode: code }) });
  }
  // Graph responds with 400, although Microsoft's documentation has 403 for applications. Both texts name the header.
  if ((status === 400 || status === 403) && /x-msft-approval-justification/i.test(unwrapped.text)) {
    return new CallError('APPROVAL_JUSTIFICATION_REQUIRED', details);
  }
  const reason = reasonFor(status, unwrapped.text);
  if (reason === 'THROTTLED' || (status === 503 && retryAfterMs !== undefined)) {
    return new CallError(reason, {
      ...details,
      certainty: 'deferred',
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  if (reason === 'GRAPH_UNAVAILABLE') {
    // After a gateway's 504, Graph may still be processing the request.
    return new CallError(reason, { ...details, certainty: status >= 500 && status !== 504 ? 'completed' : 'unknown' });
  }
  const missing = reason === 'GRAPH_PERMISSION_MISSING' ? missingPermissions(unwrapped.text) : undefined;
  return new CallError(reason, { ...details, ...(missing !== undefined && { missingPermissions: missing }) });
}

/**
 * The claims of a continuous access evaluation challenge, as JSON text.
 *
 * Several challenges may share the header, and quoted values may contain commas, so the header is searched, not split.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export function claimsFromChallenge(response: GraphResponse): string | undefined {
  const header = response.headers.get('www-authenticate') ?? '';
  if (!/\berror="?insufficient_claims\b/.test(header)) return undefined;
  const encoded = /[\s,]claims="?([\w+/=-]+)"?/.exec(header)?.[1];
  const claims = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  return parseRecord(claims) === undefined ? undefined : claims;
}
