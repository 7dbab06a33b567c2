import type { CallReason } from '../../errors.js';
import { isClaimsChallenge } from './claims-challenge.js';
import type { ErrorBody } from './error-body.js';
import type { GraphResponse } from './transport.js';

/** What Graph says about operations that this tenant, or this version of Graph, does not offer. */
const notOffered = new RegExp(
  [
    'no method match route template',
    'no odata route exists',
    'resource not found for the segment',
    'not applicable to target tenant',
    '^invalid version\\b',
    '^not_?implemented$',
  ].join('|'),
  'im',
);

/** What Intune says in a 401 if the token is valid, but the user or the application has no Intune role. */
const denied = new RegExp(
  [
    '\\bforbidden\\b',
    '\\b(?:not |un)authorized to\\b',
    '\\baccess ?(?:is |was )?denied\\b',
    '_requestdenied\\b',
    '\\binsufficient (?:privileges|permissions)\\b',
    '\\b(?:lacks|does not have|do not have)\\b.{0,40}\\b(?:permission|role|privilege|access)',
  ].join('|'),
  'i',
);

/**
 * The reason of a Graph error that is not about approval: by its status and, where that is ambiguous, by its text.
 *
 * @param words the codes and texts of the body, one a line
 */
export function reasonFor(response: GraphResponse, { codes }: ErrorBody, words: string): CallReason {
  const { status } = response;
  if (status < 400) return 'GRAPH_PROTOCOL';
  switch (status) {
    case 401: {
      const isAboutToken = codes.includes('InvalidAuthenticationToken') || isClaimsChallenge(response);
      return denied.test(words) && !isAboutToken ? 'GRAPH_PERMISSION_MISSING' : 'CREDENTIAL_UNAVAILABLE';
    }
    case 405:
    case 501:
      return 'GRAPH_ROUTE_NOT_IMPLEMENTED';
    case 408:
    case 499:
      return 'GRAPH_UNAVAILABLE';
    // 509: a bandwidth limit is exceeded. https://learn.microsoft.com/graph/errors
    case 429:
    case 509:
      return 'THROTTLED';
  }
  if (status >= 500 || codes.some((code) => timeout.test(code))) return 'GRAPH_UNAVAILABLE';
  if (notOffered.test(words)) return 'GRAPH_ROUTE_NOT_IMPLEMENTED';
  switch (status) {
    case 403:
      return 'GRAPH_PERMISSION_MISSING';
    case 404:
    case 410:
      return 'GRAPH_NOT_FOUND';
    // Also a condition that is not met (412) and a locked resource (423).
    case 409:
    case 412:
    case 423:
      return 'CONFLICT';
    default:
      return 'GRAPH_REJECTED';
  }
}

/** `timeout`, `time-out`, `timed out`. */
const timeout = /timed?[-\s]?out/i;

/** The request ran out of time, or was abandoned, at a server on the way. */
const abandoned = /cancell?ed|cancell?ation|cancelon|\baborted\b|deadline|\b(?:did|has) not (?:respond|complete)/i;

/**
 * Whether a request may still be applied: a server stopped waiting for another one, which may continue. Intune says so
 * with 503 `CancelledOnServiceTimeout`, for example.
 */
export function mayStillBeRunning(status: number, words: string): boolean {
  return status < 500 || status === 504 || timeout.test(words) || abandoned.test(words);
}
