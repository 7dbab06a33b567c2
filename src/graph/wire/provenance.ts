import type { GraphIds } from '../../errors.js';
import { parseErrorBody } from './error-body.js';
import { isRecord, parseRecord } from './json.js';

/** The headers of a response. Names are in lower case. */
export interface ResponseHeaders {
  get(name: string): string | undefined;
}

/** The ids of a response, and whether it is Graph's own. */
export interface Provenance {
  readonly ids: GraphIds;
  /**
   * Whether Graph sent this response, and not a proxy, a gateway or a captive portal: it has a `request-id`, or it is
   * Graph's JSON. Any other response does not show what happened to the request.
   */
  readonly isFromGraph: boolean;
}

/** The statuses of proxies and captive portals (RFC 9110, 15.5.8; RFC 6585, 6). */
const proxyStatuses = new Set([407, 511]);

/** Removes a `request-id` that does not have the form of an id. */
function idFrom(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w.:-]{1,128}$/.test(text) ? text : undefined;
}

/** The ids that the headers of an exchange contain. */
export function readIds(headers: ResponseHeaders, clientRequestId: string): GraphIds {
  const requestId = idFrom(headers.get('request-id'));
  return { clientRequestId, ...(requestId !== undefined && { requestId }) };
}

/**
 * Determines where a response comes from.
 *
 * @param batch the provenance of the batch that contains the response. The responses in a batch have no `request-id`
 *   header: it is in the response of the batch, and in the `innerError` of errors
 */
export function provenanceOf(
  response: { readonly status: number; readonly headers: ResponseHeaders; readonly text: string },
  clientRequestId: string,
  batch?: Provenance,
): Provenance {
  const { status, headers, text } = response;
  const own = readIds(headers, clientRequestId);
  const requestId =
    own.requestId ?? (status >= 400 ? idFrom(parseErrorBody(text).requestId) : undefined) ?? batch?.ids.requestId;
  return {
    ids: requestId === undefined ? own : { ...own, requestId },
    isFromGraph:
      !proxyStatuses.has(status) &&
      (requestId !== undefined ||
        headers.get('x-msft-approval-code') !== undefined ||
        (status === 401 && hasBearerChallenge(headers)) ||
        isGraphJson(text)),
  };
}

/** Only the server that the token is for demands another bearer token. Proxies demand other credentials. */
function hasBearerChallenge(headers: ResponseHeaders): boolean {
  return /(?:^|,)\s*bearer\b/i.test(headers.get('www-authenticate') ?? '');
}

/** Whether a body is an error, a collection, an entity with annotations or a batch in OData's JSON format. */
function isGraphJson(text: string): boolean {
  const body = parseRecord(text);
  if (body === undefined) return false;
  const error = body['error'] ?? body['odata.error'];
  if (error !== undefined) return isRecord(error) && typeof error['code'] === 'string';
  return Array.isArray(body['value']) || Object.keys(body).some((name) => name.startsWith('@odata.'));
}
