import { CallError, type CallErrorDetails, type GraphIds } from '../../errors.js';
import { approvalStateOf } from './approval.js';
import { type ErrorBody, parseErrorBody } from './error-body.js';
import { mayStillBeRunning, reasonFor } from './error-reason.js';
import { publicMessageOf } from './public-message.js';
import { parseRetryAfter } from './retry-after.js';
import type { GraphResponse } from './transport.js';

/** The codes and texts of an error, one a line, without the ids and addresses that Intune appends. */
function wordsOf({ codes, phrases, texts }: ErrorBody): string {
  return [...codes, ...phrases, ...texts.map(withoutIds)].join('\n');
}

function withoutIds(text: string): string {
  return text.split(/ - (?:Operation ID|Activity ID|Url)\b/i)[0] ?? '';
}

/** Whether Graph has filed a write for the approval of a second administrator. The status can also be 202. */
export function isQueuedForApproval({ status, headers, text }: GraphResponse): boolean {
  const body = parseErrorBody(text);
  return approvalStateOf(status, headers, body, wordsOf(body))?.state === 'pending';
}

/** Converts a response other than 2xx, or one that files a write for approval, to an error. */
export function errorFromResponse(response: GraphResponse): CallError {
  const { status, headers, isFromGraph } = response;
  const body = parseErrorBody(response.text);
  const words = wordsOf(body);
  const retryAfterMs = [headers.get('retry-after'), ...body.retryAfters]
    .map((value) => parseRetryAfter(value))
    .find((waitMs) => waitMs !== undefined);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (!isFromGraph) return foreignError(response, wait);

  const code = codeOf(body);
  const details: CallErrorDetails = {
    status,
    graph: idsOf(response),
    publicMessage: publicMessageOf(body.texts.map(withoutIds)),
    ...(code !== undefined && { code }),
  };
  const approval = approvalStateOf(status, headers, body, words);
  if (approval?.state === 'justification-required') return new CallError('APPROVAL_JUSTIFICATION_REQUIRED', details);
  if (approval?.state === 'pending') {
    const approvalCode = approval.code;
    return new CallError('APPROVAL_PENDING', { ...details, ...(approvalCode !== undefined && { approvalCode }) });
  }
  const reason = reasonFor(response, body, words);
  if (reason === 'GRAPH_UNAVAILABLE') {
    if (mayStillBeRunning(status, words)) {
      return new CallError(reason, { ...details, ...(status === 503 && wait), certainty: 'unknown' });
    }
    const isDeferred = status === 503 && retryAfterMs !== undefined;
    return new CallError(reason, {
      ...details,
      ...(isDeferred && wait),
      certainty: isDeferred ? 'deferred' : 'completed',
    });
  }
  if (reason === 'THROTTLED') return new CallError(reason, { ...details, ...wait, certainty: 'deferred' });
  const missing = reason === 'GRAPH_PERMISSION_MISSING' ? missingPermissions(words) : undefined;
  return new CallError(reason, { ...details, ...(missing !== undefined && { missingPermissions: missing }) });
}

/**
 * The error for a response of a proxy, a gateway or a captive portal. It says nothing about the effect of the request,
 * and its text is not meant for this service's users.
 */
function foreignError({ status, ids }: GraphResponse, wait: Pick<CallErrorDetails, 'retryAfterMs'>): CallError {
  const details = { status, graph: ids, certainty: 'unknown' } as const;
  if (status === 429) return new CallError('THROTTLED', { ...details, ...wait });
  if (status === 503) return new CallError('GRAPH_UNAVAILABLE', { ...details, ...wait });
  return new CallError(status >= 500 || status === 408 ? 'GRAPH_UNAVAILABLE' : 'GRAPH_PROTOCOL', details);
}

/** The most specific code that has the form of one. */
function codeOf({ codes }: ErrorBody): string | undefined {
  const valid = codes.filter((code) => /^[\w.-]{1,64}$/.test(code));
  return valid.find((code) => !/^unknown(?:error)?$/i.test(code)) ?? valid[0];
}

function idsOf({ ids, text }: GraphResponse): GraphIds {
  const activityId = /Activity ID:\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/i.exec(text.slice(0, 16_384))?.[1];
  return { ...ids, ...(activityId !== undefined && { activityId }) };
}

/** Parses the permissions that Graph lists: `… must have one of the following scopes: A.B, C.D`. */
function missingPermissions(words: string): readonly string[] | undefined {
  const list = /(?:scopes?:|requires one of)[\s'"]*([A-Za-z.,\s]+)/i.exec(words)?.[1];
  return list?.split(/[\s,]+/).flatMap((name) => /^[A-Za-z]+(?:\.[A-Za-z]+)+/.exec(name)?.[0] ?? []);
}
