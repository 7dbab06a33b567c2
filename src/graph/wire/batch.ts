import { z } from 'zod';
import type { GraphIds } from '../../errors.js';
import { onTimeoutOrDone } from '../../scheduling/wait-limit.js';
import { parseJson, parseRecord } from './json.js';
import { type Provenance, provenanceOf } from './provenance.js';
import {
  type GraphRequest,
  type GraphResponse,
  maxResponseBytes,
  type SendOptions,
  TransportError,
  type TransportFailure,
} from './transport.js';

/** A request that is ready to be sent, and the promise of its response. */
export interface PendingRequest {
  readonly request: GraphRequest;
  readonly options: SendOptions;
  readonly resolve: (response: GraphResponse) => void;
  readonly reject: (error: unknown) => void;
}

/** A batch of requests, and the mapping of its response to theirs. */
export interface Batch {
  readonly request: GraphRequest;
  /** The timeout is the longest of the requests' timeouts. */
  readonly options: SendOptions;
  /** The requests that have not timed out and have not been aborted. */
  pending(): readonly PendingRequest[];
  /** Settles each request with the response that has its id. If there is none, or several, the outcome is unknown. */
  settle(response: GraphResponse): void;
  /** Removes timers and listeners. Call it when the batch has ended, whatever the result. */
  dispose(): void;
}

/** One request in the body of a batch. */
interface BatchItem extends PendingRequest {
  readonly id: string;
  readonly clientRequestId: string;
  readonly stopWaiting: () => void;
}

/** Joins requests that have the same token. */
export function createBatch(requests: readonly PendingRequest[], token: string, basePath: string): Batch {
  const pending = new Set(requests);
  let isAbandoned = false;
  let abandon: ((cause: unknown) => void) | undefined;
  let wasSent = false;
  const items = requests.map((request, index): BatchItem => {
    const clientRequestId = crypto.randomUUID();
    const stopWaiting = onTimeoutOrDone(request.options.limit, (cause) => {
      pending.delete(request);
      // A batch that has not been sent must not be sent with this request. Its other requests fail as not sent.
      if (!wasSent || pending.size === 0) {
        isAbandoned = true;
        abandon?.(cause);
      }
      if (wasSent) request.reject(missingResponse({ clientRequestId }, 'aborted', cause));
    });
    return { ...request, id: String(index + 1), clientRequestId, stopWaiting };
  });

  return {
    request: {
      method: 'POST',
      path: `${basePath}$batch`,
      body: `{"requests":[${items.map((item) => serialize(item, basePath)).join()}]}`,
      maxResponseBytes: maxResponseBytes * items.length,
      items: items.length,
    },
    options: {
      token,
      limit: {
        timeoutMs: Math.max(...requests.map(({ options }) => options.limit.timeoutMs)),
        get isDone() {
          return isAbandoned;
        },
        onDone(listener) {
          abandon = listener;
          return () => {
            abandon = undefined;
          };
        },
      },
      onSent() {
        wasSent = true;
        for (const { options } of requests) options.onSent?.();
      },
    },
    pending: () => [...pending],
    settle(batch) {
      const responses = parseResponses(batch.text);
      for (const { id, clientRequestId, resolve, reject } of items) {
        const own = responses.filter((response) => response.id === id);
        const response = own.length === 1 ? toGraphResponse(own[0], clientRequestId, batch) : undefined;
        const ids = { ...batch.ids, clientRequestId };
        if (response === undefined) reject(missingResponse(ids, 'invalid-response', undefined));
        else resolve(response);
      }
    },
    dispose() {
      for (const { stopWaiting } of items) stopWaiting();
    },
  };
}

/** The error of a request whose batch was sent without a usable response. */
function missingResponse(ids: GraphIds, failure: TransportFailure, cause: unknown): TransportError {
  return new TransportError({ wasSent: true, failure, ids, cause });
}

/** An item of the batch's body. Its URL has no version; its own body, which is JSON already, is inserted unchanged. */
function serialize({ request, id, clientRequestId }: BatchItem, basePath: string): string {
  const { method, path, headers, body } = request;
  const item = JSON.stringify({
    id,
    method,
    url: path.slice(basePath.length - 1),
    headers: {
      'client-request-id': clientRequestId,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  return body === undefined ? item : `${item.slice(0, -1)},"body":${body}}`;
}

const batchResponse = z.object({ responses: z.array(z.unknown()) });

/** Numbers may be sent as texts and the other way round. Headers of another form are ignored: they are optional. */
const itemResponse = z.object({
  id: z.union([z.string(), z.int().transform(String)]),
  status: z
    .union([
      z.int(),
      z
        .string()
        .regex(/^\d{3}$/)
        .transform(Number),
    ])
    .pipe(z.int().min(200).max(599)),
  headers: z.record(z.string(), z.unknown()).nullish().catch(null),
  body: z.unknown().optional(),
});

type ItemResponse = z.output<typeof itemResponse>;

/** The valid responses. Invalid ones are ignored. */
function parseResponses(text: string): readonly ItemResponse[] {
  const responses = batchResponse.safeParse(parseJson(text)).data?.responses ?? [];
  return responses.flatMap((response) => itemResponse.safeParse(response).data ?? []);
}

function toGraphResponse(
  response: ItemResponse | undefined,
  clientRequestId: string,
  batch: Provenance,
): GraphResponse | undefined {
  if (response === undefined) return undefined;
  const { status, body } = response;
  const headers = new Map(Object.entries(response.headers ?? {}).flatMap(readHeader));
  try {
    const text = typeof body === 'string' ? decodeText(body) : JSON.stringify(body ?? '');
    return { status, headers, text, ...provenanceOf({ status, headers, text }, clientRequestId, batch) };
  } catch {
    // The body is nested too deeply to be serialized again.
    return undefined;
  }
}

/** The lower-case name of a header and its value. One without a value, such as `null`, is none. */
function readHeader([name, value]: readonly [string, unknown]): readonly (readonly [string, string])[] {
  const values = [value].flat().filter((each) => typeof each === 'string' || typeof each === 'number');
  return values.length === 0 ? [] : [[name.toLowerCase(), values.join(', ')]];
}

/**
 * A body that is not sent as JSON is base64url of its bytes, unless it is a text. Intune's errors can be among them.
 *
 * @see https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_BatchRequestsandResponses
 */
function decodeText(body: string): string {
  if (!/^[\w+/-]+=*$/.test(body)) return body;
  const decoded = Buffer.from(body, 'base64').toString('utf8');
  return parseRecord(decoded) === undefined ? body : decoded;
}
