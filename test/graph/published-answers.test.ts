import { describe, expect, test, vi } from 'vitest';
import type { ErrorData } from '../../src/contract.js';
import type { ScriptedResponse, SentRequest } from '../support/scripted-graph.js';
import { approvals } from './published-answers/approvals.js';
import { type CallResult, type FailedCall, neighborIds, reads, updates, type Way } from './published-answers/calls.js';
import { credentials } from './published-answers/credentials.js';
import { failures } from './published-answers/failures.js';
import { observe } from './published-answers/observe.js';
import { proxies } from './published-answers/proxies.js';
import { before, type ExpectedResult, newCounts, type PublishedAnswer } from './published-answers/published-answer.js';
import { rejections } from './published-answers/rejections.js';
import { activityId } from './published-answers/responses.js';
import { successes } from './published-answers/successes.js';
import { throttling } from './published-answers/throttling.js';

// A table of the responses that are published for these routes of Microsoft Graph, and for the servers in front of it.
// Each is sent over HTTP to a single update, to an update in a $batch, to a row of updateMany, and to reads.

// Each test has its own Graph and its own app, and spends most of its time waiting for the next attempt.
vi.setConfig({ maxConcurrency: 20 });

const table = [
  ...successes,
  ...rejections,
  ...approvals,
  ...credentials,
  ...throttling,
  ...failures,
  ...proxies,
] satisfies readonly PublishedAnswer[];

/** The tRPC code of each reason. */
const codes = {
  GRAPH_NOT_FOUND: 'NOT_FOUND',
  GRAPH_REJECTED: 'UNPROCESSABLE_CONTENT',
  NOT_APPLIED: 'UNPROCESSABLE_CONTENT',
  GRAPH_ROUTE_NOT_IMPLEMENTED: 'NOT_IMPLEMENTED',
  GRAPH_PERMISSION_MISSING: 'FORBIDDEN',
  APPROVAL_JUSTIFICATION_REQUIRED: 'PRECONDITION_REQUIRED',
  APPROVAL_PENDING: 'PRECONDITION_FAILED',
  CONFLICT: 'CONFLICT',
  THROTTLED: 'TOO_MANY_REQUESTS',
  CREDENTIAL_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  GRAPH_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  OUTCOME_UNKNOWN: 'GATEWAY_TIMEOUT',
  GRAPH_PROTOCOL: 'BAD_GATEWAY',
} as const;

/** Checks the methods of the requests. */
function expectSent(requests: readonly SentRequest[], sent: PublishedAnswer['sent']): void {
  const methods = requests.map(({ method }) => method).join(' ');
  if (typeof sent === 'string') expect(methods).toBe(sent);
  else expect(methods).toMatch(sent);
}

/** Compares the actual result with that of a row. */
function expectResult(actual: CallResult | undefined, result: ExpectedResult): void {
  if (actual === undefined) expect.fail('there is no result');
  if ('userState' in result) {
    expect(actual).toEqual(result);
    return;
  }
  const { message = /\w\.?$/, ...data } = result;
  if (!('error' in actual)) expect.fail(`succeeded with ${JSON.stringify(actual)}, expected ${result.reason}`);
  const { code, httpStatus: _, path: __, requestId: ___, graph: ____, ...reported } = actual.error.data;
  expect(reported).toEqual(data);
  expect(code).toBe(codes[result.reason as keyof typeof codes]);
  expect(actual.error.message).toMatch(message);
}

/** Checks that ids are those of one of the requests, and of its response if that was Graph's. */
function expectIds(ids: ErrorData['graph'], requests: readonly SentRequest[], isFromGraph: boolean): void {
  const request = requests.findLast(({ clientRequestIds }) => clientRequestIds.includes(ids?.clientRequestId));
  if (request === undefined) expect.fail(`no request has the ids ${JSON.stringify(ids)}`);
  if (isFromGraph) expect(request.requestIds).toContain(ids?.requestId);
  else expect(ids?.requestId).toBeUndefined();
}

/** Checks that an error has the Activity ID of Intune, if Intune's response has one. */
function expectActivityId({ error }: { readonly error: FailedCall }, response: ScriptedResponse | undefined): void {
  expect(error.data.graph?.activityId).toBe(response?.body.includes(activityId) ? activityId : undefined);
}

function approvalHeadersOf(request: SentRequest | undefined): Readonly<Record<string, unknown>> {
  const headers = Object.entries(request?.headers ?? {});
  return Object.fromEntries(headers.filter(([name]) => name.startsWith('x-msft-approval')));
}

/** Whether a state has the values of the update. */
const isNew = ({ input }: PublishedAnswer, state: typeof before) => {
  const { successDeviceCount, errorDeviceCount, userPrincipalName } = { ...before, ...(input?.patch ?? newCounts) };
  return (
    state.successDeviceCount === successDeviceCount &&
    state.errorDeviceCount === errorDeviceCount &&
    (input?.patch?.userPrincipalName === undefined ||
      state.userPrincipalName?.toLowerCase() === userPrincipalName?.toLowerCase())
  );
};

/** The errors of a batch that are those of each request in it. After any other one, each is sent by itself. */
const ofEachRequest = (status: number) => [401, 403, 408, 412, 429].includes(status) || status >= 500;

/** The rows for a way: to a whole batch, Graph responds only with errors. */
function rowsFor<T extends PublishedAnswer>(rows: readonly T[], { failsBatches }: Way) {
  const isOfBatch = ({ responses, reads: shown = [] }: PublishedAnswer) => {
    const errors = [...responses, ...shown].filter((each) => each?.from === 'graph' && each.status >= 400);
    return errors.length > 0 && errors.every((each) => each !== undefined && ofEachRequest(each.status));
  };
  return rows
    .filter((row) => !failsBatches || isOfBatch(row))
    .map((row) => [`${row.name} (${row.source})`, row] as const);
}

describe.each(Object.entries(updates))('%s', (_way, way) => {
  test.concurrent.each(rowsFor(table, way))('%s', async (_title, row) => {
    const { results, graph, requests, audit, tokenClaims } = await observe(row, way.failsBatches, (app) =>
      way.send(app, row),
    );
    const actual = results.at(-1);
    expectResult(actual, row.result);
    expectSent(requests, row.sent);
    expect(tokenClaims).toEqual(row.tokenClaims ?? [undefined]);
    expect(requests[0]?.isBatchItem).toBe(way.isBatched);
    const reason = 'reason' in row.result ? row.result.reason : undefined;
    expect(audit.map(({ outcome, ...line }) => [outcome, line['reason']])).toEqual([[row.audited, reason]]);

    // A table can contradict itself: what is reported must be true of the state in Graph.
    if (row.audited === 'applied') expect(isNew(row, graph.state(before.id))).toBe(true);
    if (row.audited === 'rejected') expect(isNew(row, graph.state(before.id))).toBe(false);

    const patches = requests.filter(({ method }) => method === 'PATCH');
    const response = row.responses[patches.length - 1] ?? row.responses.at(-1);
    const hasId = response?.from === 'graph' && (way.isBatched || response.headers['request-id'] !== undefined);
    if (patches.length > 0) expectIds(audit[0]?.graph, patches, hasId);
    if (patches.length > 0 && actual !== undefined && 'error' in actual) {
      expect(actual.error.data.graph).toEqual(audit[0]?.graph);
      expectActivityId(actual, response);
    }
    expect(approvalHeadersOf(patches[0])).toEqual(row.approvalHeaders ?? {});

    // The other updates of the batch have their own outcomes, unless the batch has failed.
    const mayFail = way.failsBatches || [...row.responses, ...(row.reads ?? [])].some((each) => each?.from === 'proxy');
    for (const [index, neighbor] of results.slice(0, -1).entries()) {
      const isApplied = isNew({ ...row, input: {} }, graph.state(neighborIds[index] ?? ''));
      if ('userState' in neighbor) expect(isApplied).toBe(true);
      else expect([mayFail, isApplied && neighbor.error.data.reason !== 'OUTCOME_UNKNOWN']).toEqual([true, false]);
    }
  });
});

describe.each(Object.entries(reads))('%s', (_way, way) => {
  const rows = table.flatMap(({ get, ...row }) => (get === undefined ? [] : [{ ...row, ...get }]));
  test.concurrent.each(rowsFor(rows, way))('%s', async (_title, row) => {
    const { responses } = row;
    const { results, requests, audit, tokenClaims } = await observe(
      { responses, reads: responses },
      way.failsBatches,
      (app) => way.send(app, row),
    );
    const actual = results.at(-1);
    expectResult(actual, row.result);
    expectSent(requests, row.sent);
    expect(tokenClaims).toEqual(row.tokenClaims ?? [undefined]);
    expect(requests[0]?.isBatchItem).toBe(way.isBatched);
    expect(audit).toEqual([]);
    const response = responses[requests.length - 1] ?? responses.at(-1);
    if (actual !== undefined && 'error' in actual) {
      expectIds(actual.error.data.graph, requests, response?.from === 'graph');
      expectActivityId(actual, response);
    }
    if (!way.failsBatches && responses.every(({ from }) => from === 'graph')) {
      const neighbors = neighborIds.map((id) => ({ userState: { ...before, id } }));
      expect(results.slice(0, -1)).toEqual(way.isBatched ? neighbors : []);
    }
  });
});
