import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Random, shuffle } from '../random.js';
import { type Answer, errorAnswer } from './answers.js';
import type { GraphRequest } from './request.js';
import { answerHeaders } from './response.js';
import { parseJson } from './user-state-body.js';

const batchItem = z.object({
  id: z.string().min(1),
  method: z.string().min(1),
  url: z.string().min(1),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().optional(),
  dependsOn: z.array(z.string()).default([]),
});

type BatchItem = z.output<typeof batchItem>;

const batchBody = z.object({ requests: z.array(batchItem).min(1).max(20) }).refine(
  ({ requests }) =>
    requests.every(({ id, dependsOn }, index) => {
      const earlier = requests.slice(0, index).map((each) => each.id);
      return !earlier.includes(id) && dependsOn.every((each) => earlier.includes(each));
    }),
  'ids must be unique, and dependsOn must name earlier requests',
);

/** The items of a batch, or the refusal of the whole. */
export function readBatch(request: GraphRequest): readonly BatchItem[] | Answer {
  const body = parseJson(request);
  if ('status' in body) return body;
  const parsed = batchBody.safeParse(body.value);
  if (parsed.success) return parsed.data.requests;
  const problem = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; ');
  return errorAnswer(request, 400, 'BadRequest', `Invalid batch payload format: ${problem}`);
}

/** The answer to one item, as it stands in the answer to its batch. */
interface ItemAnswer {
  readonly id: string | null;
  readonly status: number;
  readonly headers: Answer['headers'];
  readonly body?: unknown;
}

/** Serves one item once `hindrance` is settled; the answer that it gives, if any, is the item's. */
export type ServeItem = (request: GraphRequest, hindrance: Promise<Answer | undefined>) => Promise<Answer>;

/** Runs the items side by side, each after those that it depends on, and answers them in an order of chance. */
export async function runBatch(
  batch: GraphRequest,
  items: readonly BatchItem[],
  serve: ServeItem,
  random: Random,
): Promise<Answer> {
  const running = new Map<string, Promise<Answer>>();
  const settled = await Promise.all(
    items.map(async (item) => {
      const request = itemRequest(batch, item);
      const earlier = item.dependsOn.flatMap((id) => running.get(id) ?? []);
      const served = serve(request, failedDependency(request, earlier));
      running.set(item.id, served);
      return { request, answer: await served };
    }),
  );

  // What befalls the connection befalls the whole answer.
  const delivery = (['reset', 'stall', 'truncated'] as const).find((each) =>
    settled.some(({ answer }) => answer.delivery === each),
  );
  const responses = settled.map(({ request, answer }) => itemAnswer(request, answer));
  return {
    status: 200,
    headers: {},
    body: { responses: shuffle(responses, random) },
    ...(delivery === undefined ? {} : { delivery }),
  };
}

/** What an answer says of an item. */
export function itemAnswer(request: GraphRequest, answer: Answer): ItemAnswer {
  return {
    id: request.batchItem,
    status: answer.status,
    headers: answerHeaders(request, answer),
    body: answer.text ?? answer.body,
  };
}

/** Puts others in the place of the answer to the first item of the request. What answers no batch stays as it is. */
export function replaceFirst(
  batch: GraphRequest,
  answer: Answer,
  replace: (own: ItemAnswer, item: GraphRequest) => readonly object[],
): Answer {
  const { body } = answer;
  const items = readBatch(batch);
  if (!isBatchAnswer(body) || 'status' in items || items[0] === undefined) return answer;
  const first = itemRequest(batch, items[0]);
  const responses = body.responses.flatMap((own) => (own.id === first.batchItem ? replace(own, first) : [own]));
  return { ...answer, body: { ...body, responses } };
}

function isBatchAnswer(body: unknown): body is { readonly responses: readonly ItemAnswer[] } {
  return typeof body === 'object' && body !== null && 'responses' in body;
}

async function failedDependency(
  request: GraphRequest,
  earlier: readonly Promise<Answer>[],
): Promise<Answer | undefined> {
  const answers = await Promise.all(earlier);
  const failed = answers.some(({ status }) => status >= 400);
  if (!failed) return undefined;
  return errorAnswer(request, 424, 'FailedDependency', 'A request that this one depends on has failed.');
}

function itemRequest(batch: GraphRequest, item: BatchItem): GraphRequest {
  const own = Object.entries(item.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const headers: Record<string, string> = Object.fromEntries(own);
  const { authorization } = batch.headers;
  const requestId = randomUUID();
  return {
    method: item.method.toUpperCase(),
    path: item.url.startsWith('/') ? `/beta${item.url}` : `/beta/${item.url}`,
    headers: authorization === undefined ? headers : { authorization, ...headers },
    body: item.body === undefined ? '' : JSON.stringify(item.body),
    requestId,
    clientRequestId: headers['client-request-id'] ?? requestId,
    batchItem: item.id,
  };
}
