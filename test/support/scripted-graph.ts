import { gzipSync } from 'node:zlib';
import type { ScriptUserState } from '../../src/script-user-state.js';
import {
  type GraphServerRequest,
  type GraphServerResponse,
  requestsInBatch,
  startGraphServer,
} from './graph-server.js';

/** Every occurrence in a response is replaced by an id of that response. */
export const requestIdPlaceholder = '{request-id}';

/** One HTTP response of a {@link ScriptedGraph}. */
export interface ScriptedResponse {
  /** Graph responds to each request of a `$batch`; a proxy in front of it responds to the batch as a whole. */
  readonly from: 'graph' | 'proxy';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The values that the request leaves in Graph, whatever the response says. Without them nothing is applied. */
  readonly stores?: Partial<ScriptUserState>;
  /** How the body is sent, in a batch that of the batch. */
  readonly encoding?: 'gzip' | 'byte-order-mark';
}

/** A request for a state, sent by itself or in a `$batch`. */
export interface SentRequest {
  readonly method: string;
  readonly userStateId: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly isBatchItem: boolean;
  /** The `client-request-id` of the request, and that of its batch. */
  readonly clientRequestIds: readonly unknown[];
  /** The ids of the response: its own, and that of the batch. */
  readonly requestIds: readonly string[];
}

/** A Graph over HTTP that responds as a script says, and otherwise applies each update. */
export interface ScriptedGraph {
  /** With the version. */
  readonly baseUrl: string;
  /** All requests in their order. */
  readonly requests: readonly SentRequest[];
  /** A state as Graph has it. */
  readonly state: (userStateId: string) => ScriptUserState;
  close(): void;
}

/** The script for one state. */
export interface Script {
  /** The state before the first request. */
  readonly before: ScriptUserState;
  /**
   * @param count of the requests with this method for the state so far, from 0
   * @returns `undefined` if the state is to be shown, updated by a PATCH
   */
  readonly respond: (method: string, count: number) => ScriptedResponse | undefined;
  /** Whether Graph responds with an error of the script to the whole batch, as a proxy does. */
  readonly failsBatches?: boolean;
}

/** The ids of a batch. */
interface BatchIds {
  readonly clientRequestId: unknown;
  readonly requestId: string;
}

interface Answered {
  readonly response: ScriptedResponse;
  readonly requestId: string;
}

/** Starts a Graph with one scripted state. All other states are as that one was, with their own ids. */
export async function startScriptedGraph({ before, respond, failsBatches = false }: Script): Promise<ScriptedGraph> {
  const requests: SentRequest[] = [];
  const states = new Map<string, ScriptUserState>();
  const state = (id: string) => states.get(id) ?? { ...before, id };

  /** The response of the script; `undefined` for the states without one. */
  function scripted({ method, path }: GraphServerRequest): ScriptedResponse | undefined {
    const id = idIn(path);
    if (id.toLowerCase() !== before.id.toLowerCase()) return undefined;
    return respond(method, requests.filter((each) => each.method === method && each.userStateId === id).length);
  }

  function answer(
    { method, path, headers, body }: GraphServerRequest,
    script: ScriptedResponse | undefined,
    ofBatch?: BatchIds,
  ): Answered {
    const userStateId = idIn(path);
    const requestId = crypto.randomUUID();
    requests.push({
      method,
      userStateId,
      headers,
      isBatchItem: ofBatch !== undefined,
      clientRequestIds: [headers['client-request-id'], ...(ofBatch ? [ofBatch.clientRequestId] : [])],
      requestIds: [requestId, ...(ofBatch ? [ofBatch.requestId] : [])],
    });
    const isUpdate = script === undefined && method === 'PATCH';
    const stores = isUpdate ? (JSON.parse(body) as Partial<ScriptUserState>) : script?.stores;
    if (stores !== undefined) states.set(userStateId, { ...state(userStateId), ...stores });
    return { response: script ?? ownJson(state(userStateId)), requestId };
  }

  function answerBatch(request: GraphServerRequest): Answered {
    const items = [...requestsInBatch(request)].map(([id, item]) => ({ id, item, script: scripted(item) }));
    const whole = items.find(
      ({ script }) => script?.from === 'proxy' || (failsBatches && script !== undefined && script.status >= 400),
    )?.script;
    const ids: BatchIds = { clientRequestId: request.headers['client-request-id'], requestId: crypto.randomUUID() };
    // It hides the responses to the other requests: none of them is applied.
    const hidden = whole && { ...whole, stores: {} };
    const responses = items.map(({ id, item, script }) => {
      const { response: own, requestId } = answer(item, script ?? hidden, ids);
      return { id, ...toBatchItem(own, requestId) };
    });
    const encoding = items.find(({ script }) => script?.encoding !== undefined)?.script?.encoding;
    // The responses of a batch come in any order.
    const listed = { ...ownJson({ responses: responses.toReversed() }), ...(encoding && { encoding }) };
    return { response: whole ?? listed, requestId: ids.requestId };
  }

  const server = await startGraphServer();
  server.respond((request) => toServerResponse(answer(request, scripted(request))));
  server.respondToBatch((request) => toServerResponse(answerBatch(request)));
  return { baseUrl: server.baseUrl, requests, state, close: () => server.close() };
}

/** A response of Graph that succeeds. */
function ownJson(body: object): ScriptedResponse {
  return {
    from: 'graph',
    status: 200,
    headers: { 'content-type': 'application/json', 'request-id': requestIdPlaceholder },
    body: JSON.stringify(body),
  };
}

/** The id of the state in a URL. */
function idIn(url: string): string {
  return decodeURIComponent(/\/userRunStates\/([^/?]+)/.exec(url)?.[1] ?? '');
}

function withRequestId(template: string, requestId: string): string {
  return template.replaceAll(requestIdPlaceholder, requestId);
}

/**
 * The response as an item of a batch. As in Microsoft's examples, it has no `request-id` among its headers; a body that
 * is not JSON is base64url.
 */
function toBatchItem({ status, headers, body }: ScriptedResponse, requestId: string): object {
  const { 'request-id': _, 'x-ms-ags-diagnostic': __, ...own } = headers;
  const json = withRequestId(body, requestId);
  const isJson = headers['content-type']?.includes('json');
  const encoded = isJson ? (parseJson(json) ?? json) : Buffer.from(json).toString('base64url');
  return { status, headers: own, ...(body !== '' && { body: encoded }) };
}

function toServerResponse({ response, requestId }: Answered): GraphServerResponse {
  const { status, headers, body, encoding } = response;
  const bytes = Buffer.from((encoding === 'byte-order-mark' ? '\ufeff' : '') + withRequestId(body, requestId));
  return {
    status,
    headers: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, withRequestId(value, requestId)])),
      ...(encoding === 'gzip' && { 'content-encoding': 'gzip' }),
    },
    body: encoding === 'gzip' ? gzipSync(bytes) : bytes,
  };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
