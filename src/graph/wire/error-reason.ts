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
    'no http resource was found',
    'does not support http method',
    '^(?:unsupported_?api|invalid ?)version\\b',
    '^not_?implemented$',
    // The tenant has no licence for Intune.
    '\\bnon-?premium',
    '\\b(?:no|without|missing|requires|not have|not licensed)\\b.{0,40}\\blicen[cs]e',
    '\\b(?:tenant|organization) is not licen[cs]ed',
    '\\bno mdm authority\\b|\\bmdm authority (?:is |has )?not\\b',
  ].join('|'),
  'im',
);

/** What Intune says in a 401 if the token is valid, but the user or the application has no Intune role. */
const denied = new RegExp(
  [
    '\\bforbidden(?:exception)?\\b',
    '\\b(?:not |un)authorized to\\b',
    '\\bnot (?:allowed|permitted) to\\b',
    '\\b(?:access|permission|authorization) ?(?:is |was )?denied\\b',
    '_requestdenied\\b',
    '\\binsufficient (?:privileges|permissions|rights)\\b',
    '\\b(?:lacks|does not have|do not have)\\b.{0,40}\\b(?:permission|role|privilege|access)',
  ].join('|'),
  'i',
);

/** The codes and texts that say so with any status. */
const deniedAnyway = /^(?:forbidden|access ?denied|authorization_requestdenied)$|\bnot authorized to perform this\b/im;

/**
 * The reason of a Graph error that is not about approval: by its status and, where that is ambiguous, by its text.
 *
 * @param words the codes and texts of the body, one a line
 */
export function reasonFor(response: GraphResponse, { codes, phrases }: ErrorBody, words: string): CallReason {
  const { status } = response;
  if (status < 400) return 'GRAPH_PROTOCOL';
  switch (status) {
    case 401: {
      const isAboutToken = codes.some((code) => /token/i.test(code)) || isClaimsChallenge(response);
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
  const isAbandoned = [...codes, ...phrases].some((code) => timeout.test(code)) || gaveUp.test(words);
  if (isAbandoned) return 'GRAPH_UNAVAILABLE';
  if (status < 500 && notOffered.test(words)) return 'GRAPH_ROUTE_NOT_IMPLEMENTED';
  // A locked resource (423) is one whatever its code: https://github.com/OneDrive/onedrive-api-docs/issues/1199
  if (status !== 423 && deniedAnyway.test(words)) return 'GRAPH_PERMISSION_MISSING';
  if (status >= 500) return 'GRAPH_UNAVAILABLE';
  switch (status) {
    case 402:
      return 'GRAPH_ROUTE_NOT_IMPLEMENTED';
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

/** A 4xx response that is not about the request: the server has stopped waiting. */
const gaveUp = /\btimed[-\s]?out\b|\b(?:operation|request|task) was cancell?ed\b/i;

/** The request ran out of time, or was abandoned, at a server on the way, or that server lost the next one. */
const abandoned = new RegExp(
  [
    'cancell?ed|cancell?ation|cancelon|\\baborted\\b|deadline|took too long',
    '\\b(?:did|has) not (?:respond|complete)|\\bstill (?:running|in progress|(?:being )?process)',
    '\\bconnection\\b.{0,80}\\b(?:closed|reset|terminat|lost|dropped)|\\b(?:closed|reset|lost) the connection',
    'disconnect/reset|socket hang ?up|response ended prematurely|\\bwhile (?:sending the request|reading the response)',
  ].join('|'),
  'i',
);

/**
 * Whether a request may still be applied: a server stopped waiting for another one, which may continue. Intune says so
 * with 503 `CancelledOnServiceTimeout`, for example.
 */
export function mayStillBeRunning(status: number, words: string): boolean {
  return status < 500 || status === 504 || timeout.test(words) || abandoned.test(words);
}
