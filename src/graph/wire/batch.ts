import { z } from 'zod';
import { onTimeoutOrAbort, type WaitLimit } from '../../scheduling/wait-limit.js';
import {
  type GraphRequest,
  type GraphResponse,
  maxAnswerBytes,
  readIds,
  TransportError,
  type TransportFailure,
} from './transport.js';

/** One request that is ready to leave, and the promise of its answer. */
export interface PendingRequest {
  readonly request: GraphRequest;
  readonly token: string;
  readonly limit: WaitLimit;
  readonly resolve: (answer: GraphResponse) => void;
  readonly reject: (error: unknown) => void;
}

/** The one request that several become, and the way back from its answer to theirs. */
export interface Batch {
  readonly request: GraphRequest;
  /** It is waited for as long as any of them is. */
  readonly limit: WaitLimit;
  /** Those whose answers are still waited for. */
  waiting(): readonly PendingRequest[];
  /** Gives each request the one answer that bears its id; without one, its outcome is in doubt. */
  settle(answer: GraphResponse): void;
  /** To be called when the batch is over, however it ended. */
  end(): void;
}

/** Joins requests to the body of a `$batch`. */
export function createBatch(items: readonly PendingRequest[], basePath: string): Batch {
  const leaving = new AbortController();
  const waiting = new Set(items);
  let left = false;
  const legs = items.map((item, index) => {
    const clientRequestId = crypto.randomUUID();
    const forget = onTimeoutOrAbort(item.limit, (cause) => {
      waiting.delete(item);
      // What has not left must not leave with this one in it; the others are told that it has not.
      if (!left || waiting.size === 0) leaving.abort(cause);
      if (left) item.reject(lost(clientRequestId, 'given-up', cause));
    });
    return { ...item, id: String(index + 1), clientRequestId, forget };
  });

  return {
    request: {
      method: 'POST',
      path: `${basePath}$batch`,
      body: `{"requests":[${legs.map((leg) => describe(leg, basePath)).join()}]}`,
      maxResponseBytes: maxAnswerBytes * legs.length,
      items: legs.length,
      onSent: () => {
        left = true;
      },
    },
    limit: { until: Math.max(...items.map(({ limit }) => limit.until)), caller: leaving.signal },
    waiting: () => [...waiting],
    settle({ text }) {
      const answers = readAnswers(text);
      for (const { id, clientRequestId, resolve, reject } of legs) {
        const own = answers.filter((each) => each.id === id);
        const [found] = own;
        if (found === undefined || own.length > 1) reject(lost(clientRequestId, 'unreadable', undefined));
        else settleOne(found, clientRequestId, resolve, reject);
      }
    },
    end() {
      for (const { forget } of legs) forget();
    },
  };
}

/** What can't be written as text again, such as a body nested too deep, is no answer. */
function settleOne(
  found: ItemAnswer,
  clientRequestId: string,
  resolve: PendingRequest['resolve'],
  reject: PendingRequest['reject'],
): void {
  try {
    resolve(toAnswer(found, clientRequestId));
  } catch (cause) {
    reject(lost(clientRequestId, 'unreadable', cause));
  }
}

/** Nothing is known of a request that was in a batch, but that the batch left. */
function lost(clientRequestId: string, loss: TransportFailure, cause: unknown): TransportError {
  return new TransportError({ sent: true, loss, ids: { clientRequestId }, cause });
}

interface BatchItem {
  readonly request: GraphRequest;
  readonly id: string;
  readonly clientRequestId: string;
}

/** A request as an item of a batch: its address without the version, its headers with it, its body as it is. */
function describe(
  { request: { method, path, headers, body }, id, clientRequestId }: BatchItem,
  basePath: string,
): string {
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

const batchAnswer = z.object({ responses: z.array(z.unknown()) });

const itemAnswer = z.object({
  id: z.string(),
  status: z.int().min(200).max(599),
  headers: z.record(z.string(), z.coerce.string()).nullish(),
  body: z.unknown().optional(),
});

type ItemAnswer = z.output<typeof itemAnswer>;

/** The answers that can be read. What can't, no request has got. */
function readAnswers(text: string): readonly ItemAnswer[] {
  const responses = batchAnswer.safeParse(parseJson(text)).data?.responses ?? [];
  return responses.flatMap((response) => itemAnswer.safeParse(response).data ?? []);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toAnswer({ status, headers, body }: ItemAnswer, clientRequestId: string): GraphResponse {
  const own = new Map(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  return { status, headers: own, text, ids: readIds(own, clientRequestId) };
}
