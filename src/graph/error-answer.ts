import { GraphError, type GraphErrorDetails, type GraphReason } from './errors.js';
import { parseRetryAfter } from './retry-after.js';
import type { Answer } from './transport.js';

/** Intune wraps its errors as JSON in `message`, sometimes twice; nothing has been seen that goes deeper. */
const maxDepth = 4;

interface Told {
  readonly code?: string;
  readonly text: string;
  readonly retryAfter?: unknown;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Follows `message` and `Message` inwards, as far as they are JSON. */
function unwrap(text: string, depth = 0): Told {
  const outer = depth < maxDepth ? parseRecord(text) : undefined;
  if (outer === undefined) return { text: depth === 0 ? '' : text };
  const error = isRecord(outer['error']) ? outer['error'] : outer;
  const message = error['message'] ?? error['Message'];
  const inner = unwrap(typeof message === 'string' ? message : '', depth + 1);
  const code = typeof error['code'] === 'string' ? error['code'] : inner.code;
  return {
    text: inner.text,
    ...(code !== undefined && { code }),
    retryAfter: inner.retryAfter ?? error['RetryAfter'] ?? undefined,
  };
}

/** Leaves of Graph's text what was meant for people: no operation ids, addresses, names or tokens. */
function forPeople(text: string): string {
  if (parseRecord(text) !== undefined || text.includes('<')) return '';
  return (text.split(/\s+-\s+(?:Operation ID|Activity ID|Url)\b/i)[0] ?? '')
    .replaceAll(/\bhttps?:\/\/\S+/gi, '…')
    .replaceAll(/[^\s'"]+@[^\s'"]+/g, '…')
    .replaceAll(/[\w.~+/-]{48,}=*/g, '…')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 400);
}

const guid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

function missingPermissions(text: string): readonly string[] | undefined {
  const list = /scopes?:\s*((?:[A-Za-z]+(?:\.[A-Za-z]+)+(?:\s*,\s*)?)+)/i.exec(text)?.[1];
  return list?.split(',').flatMap((name) => name.trim() || []);
}

/** The reason for a refusal that isn't about approval, by status and, where that doesn't tell, by Graph's words. */
function reasonOf(status: number, text: string): GraphReason {
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

/** Turns an answer that is no success into the error it stands for. */
export function errorFromAnswer(answer: Answer): GraphError {
  const { status, headers } = answer;
  const told = unwrap(answer.text);
  const retryAfterMs = parseRetryAfter(headers.get('retry-after')) ?? parseRetryAfter(told.retryAfter);
  const activityId = new RegExp(`Activity ID:\\s*(${guid.source})`, 'i').exec(answer.text)?.[1];
  const details: GraphErrorDetails = {
    status,
    graph: { ...answer.ids, ...(activityId !== undefined && { activityId }) },
    explanation: forPeople(told.text),
    ...(told.code !== undefined && { code: told.code }),
  };
  const approvalCode = headers.get('x-msft-approval-code') ?? undefined;
  if (status >= 400 && (approvalCode !== undefined || status === 412)) {
    const code = approvalCode ?? guid.exec(/approval.*/is.exec(told.text)?.[0] ?? '')?.[0];
    return new GraphError('APPROVAL_PENDING', { ...details, ...(code !== undefined && { approvalCode: code }) });
  }
  // 400 in the field, 403 on Microsoft's page on approval for applications: the header's name is what tells.
  if ((status === 400 || status === 403) && /x-msft-approval-justification/i.test(told.text)) {
    return new GraphError('APPROVAL_JUSTIFICATION_REQUIRED', details);
  }
  const reason = reasonOf(status, told.text);
  if (reason === 'THROTTLED' || (status === 503 && retryAfterMs !== undefined)) {
    return new GraphError(reason, {
      ...details,
      certainty: 'later',
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  if (reason === 'GRAPH_UNAVAILABLE') return new GraphError(reason, { ...details, certainty: 'doubtful' });
  const missing = reason === 'GRAPH_PERMISSION_MISSING' ? missingPermissions(told.text) : undefined;
  return new GraphError(reason, { ...details, ...(missing !== undefined && { missingPermissions: missing }) });
}

/**
 * The claims that a continuous access evaluation challenge asks for, as JSON text.
 *
 * Several challenges may share the header and commas occur inside quoted values, so it is searched, not split.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export function claimsFromChallenge(answer: Answer): string | undefined {
  const header = answer.headers.get('www-authenticate') ?? '';
  if (!/\berror="?insufficient_claims\b/.test(header)) return undefined;
  const encoded = /[\s,]claims="?([\w+/=-]+)"?/.exec(header)?.[1];
  const claims = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  return parseRecord(claims) === undefined ? undefined : claims;
}
