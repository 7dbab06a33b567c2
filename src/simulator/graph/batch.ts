import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Random, shuffle } from '../random.js';
import { graphError } from './error-envelope.js';
import type { SimulatedRequest } from './request.js';
import { responseHeaders, type SimulatedResponse } from './response.js';
import { parseJsonBody } from './user-state-body.js';

const itemSchema = z.object({
  id: z.string().min(1),
  method: z.string().min(1),
  url: z.string().min(1),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().optional(),
  dependsOn: z.array(z.string()).default([]),
});

type RequestItem = z.output<typeof itemSchema>;

const batchSchema = z.object({ requests: z.array(itemSchema).min(1).max(20) }).refine(
  ({ requests }) =>
    requests.every(({ id, dependsOn }, index) => {
      const earlierIds = requests.slice(0, index).map((earlier) => earlier.id);
      return !earlierIds.includes(id) && dependsOn.every((dependency) => earlierIds.includes(dependency));
    }),
  'ids must be unique, and dependsOn must name earlier requests',
);

/** The items of a batch, or the 400 for the whole batch. */
export function parseBatch(request: SimulatedRequest): readonly RequestItem[] | SimulatedResponse {
  const body = parseJsonBody(request);
  if ('status' in body) return body;
  const parsed = batchSchema.safeParse(body.value);
  if (parsed.success) return parsed.data.requests;
  const problem = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; ');
  return graphError(request, 400, 'BadRequest', `Invalid batch payload format: ${problem}`);
}

/** The response to one item, as the response to its batch contains it. */
interface ResponseItem {
  readonly id: string | null;
  readonly status: number;
  readonly headers: SimulatedResponse['headers'];
  readonly body?: unknown;
}

/**
 * Handles one item after `dependencyFailure` resolves. If that resolves with a response, a request that the item
 * depends on has failed: the response is the item's, and the item is not executed.
 */
export type HandleItem = (
  request: SimulatedRequest,
  dependencyFailure: Promise<SimulatedResponse | undefined>,
) => Promise<SimulatedResponse>;

/**
 * Runs the items concurrently, each after those that it depends on. Shuffles the responses: Graph promises no order.
 */
export async function runBatch(
  batch: SimulatedRequest,
  items: readonly RequestItem[],
  handleItem: HandleItem,
  random: Random,
): Promise<SimulatedResponse> {
  const running = new Map<string, Promise<SimulatedResponse>>();
  const results = await Promise.all(
    items.map(async (item) => {
      const request = itemRequest(batch, item);
      const dependencies = item.dependsOn.flatMap((id) => running.get(id) ?? []);
      const handled = handleItem(request, failedDependency(request, dependencies));
      running.set(item.id, handled);
      return { request, response: await handled };
    }),
  );

  // All items share one connection: if it fails for one of them, it fails for the batch.
  const failure = (['reset', 'stall', 'truncated'] as const).find((kind) =>
    results.some(({ response }) => response.failure === kind),
  );
  const responses = results.map(({ request, response }) => responseItem(request, response));
  return {
    status: 200,
    headers: {},
    body: { responses: shuffle(responses, random) },
    ...(failure === undefined ? {} : { failure }),
  };
}

/** Converts the response to an item into its part of the batch's response. */
export function responseItem(request: SimulatedRequest, response: SimulatedResponse): ResponseItem {
  return {
    id: request.batchItem,
    status: response.status,
    headers: responseHeaders(request, response),
    body: response.text ?? response.body,
  };
}

/** Replaces the response to the first item of the batch's request. Returns any response but a batch's unchanged. */
export function replaceFirstItem(
  batch: SimulatedRequest,
  response: SimulatedResponse,
  replace: (original: ResponseItem, item: SimulatedRequest) => readonly object[],
): SimulatedResponse {
  const { body } = response;
  const items = parseBatch(batch);
  if (!isBatchBody(body) || 'status' in items || items[0] === undefined) return response;
  const first = itemRequest(batch, items[0]);
  const responses = body.responses.flatMap((item) => (item.id === first.batchItem ? replace(item, first) : [item]));
  return { ...response, body: { ...body, responses } };
}

function isBatchBody(body: unknown): body is { readonly responses: readonly ResponseItem[] } {
  return typeof body === 'object' && body !== null && 'responses' in body;
}

async function failedDependency(
  request: SimulatedRequest,
  dependencies: readonly Promise<SimulatedResponse>[],
): Promise<SimulatedResponse | undefined> {
  const responses = await Promise.all(dependencies);
  const failed = responses.some(({ status }) => status >= 400);
  if (!failed) return undefined;
  return graphError(request, 424, 'FailedDependency', 'A request that this one depends on has failed.');
}

function itemRequest(batch: SimulatedRequest, item: RequestItem): SimulatedRequest {
  const entries = Object.entries(item.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const headers: Record<string, string> = Object.fromEntries(entries);
  const { authorization } = batch.headers;
  const requestId = randomUUID();
  return {
    origin: batch.origin,
    method: item.method.toUpperCase(),
    path: item.url.startsWith('/') ? `/beta${item.url}` : `/beta/${item.url}`,
    headers: authorization === undefined ? headers : { authorization, ...headers },
    body: item.body === undefined ? '' : JSON.stringify(item.body),
    requestId,
    clientRequestId: headers['client-request-id'] ?? batch.clientRequestId,
    batchItem: item.id,
  };
}
