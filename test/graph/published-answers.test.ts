import { describe, expect, test, vi } from 'vitest';
import type { ErrorData } from '../../src/contract.js';
import type { SentRequest } from '../support/scripted-graph.js';
import { approvals } from './published-answers/approvals.js';
import { type CallResult, call, neighborIds, ways } from './published-answers/calls.js';
import { credentials } from './published-answers/credentials.js';
import { failures } from './published-answers/failures.js';
import { observe } from './published-answers/observe.js';
import { proxies } from './published-answers/proxies.js';
import { before, newCounts, type PublishedAnswer, type Told, target } from './published-answers/published-answer.js';
import { rejections } from './published-answers/rejections.js';
import { activityId } from './published-answers/responses.js';
import { successes } from './published-answers/successes.js';
import { throttling } from './published-answers/throttling.js';

// A table of the answers that are published for these routes of Microsoft Graph, and for the servers in front of it.
// Each is given over HTTP to an update that is sent by itself, to one in a $batch, and to a row of updateMany.

// Each test has its own Graph and its own app, and waits for the next attempt most of the time.
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

/** A row with its title. */
const named = <T extends Pick<PublishedAnswer, 'name' | 'source'>>(row: T) =>
  [`${row.name} (${row.source})`, row] as const;

const methodsOf = (requests: readonly SentRequest[]) => requests.map(({ method }) => method).join(' ');

/** Compares a result with what a row says. */
function expectTold(result: CallResult | undefined, told: Told): void {
  if (result === undefined) expect.fail('no result');
  if ('userState' in told) {
    expect(result).toEqual(told);
    return;
  }
  const { message = /\w\.?$/, ...data } = told;
  if (!('error' in result)) expect.fail(`succeeded with ${JSON.stringify(result)}, expected ${told.reason}`);
  const { code, httpStatus: _, path: __, requestId: ___, graph: ____, ...reported } = result.error.data;
  expect(reported).toEqual(data);
  expect(code).toBe(codes[told.reason as keyof typeof codes]);
  expect(result.error.message).toMatch(message);
}

/** Checks that ids are those of one of the requests, and of its response if that was Graph's. */
function expectIds(ids: ErrorData['graph'], requests: readonly SentRequest[], isFromGraph: boolean): void {
  const request = requests.findLast(({ clientRequestIds }) => clientRequestIds.includes(ids?.clientRequestId));
  if (request === undefined) expect.fail(`no request has the ids ${JSON.stringify(ids)}`);
  if (isFromGraph) expect(request.requestIds).toContain(ids?.requestId);
  else expect(ids?.requestId).toBeUndefined();
}

const isNew = ({ input }: PublishedAnswer, state: typeof before) => {
  const { successDeviceCount, errorDeviceCount, userPrincipalName } = { ...before, ...(input?.patch ?? newCounts) };
  return (
    state.successDeviceCount === successDeviceCount &&
    state.errorDeviceCount === errorDeviceCount &&
    (input?.patch?.userPrincipalName === undefined ||
      state.userPrincipalName?.toLowerCase() === userPrincipalName?.toLowerCase())
  );
};

describe.each(Object.entries(ways))('%s', (way, send) => {
  test.concurrent.each(table.map(named))('%s', async (_, row) => {
    const { results, graph, requests, audit, tokenClaims } = await observe(row, (app) => send(app, row));
    const result = results.at(-1);
    expectTold(result, row.told);
    expect(methodsOf(requests)).toMatch(typeof row.sent === 'string' ? new RegExp(`^${row.sent}$`) : row.sent);
    expect(tokenClaims).toEqual(row.tokenClaims ?? [undefined]);
    expect(requests[0]?.isBatchItem).toBe(way !== 'an update');
    const reason = 'reason' in row.told ? row.told.reason : undefined;
    expect(audit.map(({ outcome, ...line }) => [outcome, line['reason']])).toEqual([[row.audited, reason]]);

    // A table can contradict itself: what is told must be true of the state in Graph.
    if (row.audited === 'applied') expect(isNew(row, graph.state(before.id))).toBe(true);
    if (row.audited === 'rejected') expect(isNew(row, graph.state(before.id))).toBe(false);

    const patches = requests.filter(({ method }) => method === 'PATCH');
    const lastResponse = row.responses[patches.length - 1] ?? row.responses.at(-1);
    const isFromGraph =
      lastResponse?.from === 'graph' && (lastResponse.headers['request-id'] !== undefined || way !== 'an update');
    if (patches.length > 0) {
      expectIds(audit[0]?.graph, patches, isFromGraph);
      if (result !== undefined && 'error' in result) {
        const { graph: ids } = result.error.data;
        expect(ids).toEqual(audit[0]?.graph);
        expect(ids?.activityId).toBe(lastResponse?.body.includes(activityId) ? activityId : undefined);
      }
    }

    const { 'x-msft-approval-code': code, 'x-msft-approval-justification': justification } = patches[0]?.headers ?? {};
    expect({
      ...(code !== undefined && { 'x-msft-approval-code': code }),
      ...(justification !== undefined && { 'x-msft-approval-justification': justification }),
    }).toEqual(row.approvalHeaders ?? {});

    // The other updates of the batch have their own outcomes.
    const isProxied = [...row.responses, ...(row.reads ?? [])].some((response) => response?.from === 'proxy');
    for (const [index, neighbor] of results.slice(0, -1).entries()) {
      const applied = isNew({ ...row, input: {} }, graph.state(neighborIds[index] ?? ''));
      if ('userState' in neighbor) expect(applied).toBe(true);
      else expect([isProxied, applied && neighbor.error.data.reason !== 'OUTCOME_UNKNOWN']).toEqual([true, false]);
    }
  });
});

describe.each(['a read', 'a read in a batch'])('%s', (way) => {
  const reads = table.flatMap(({ get, ...row }) => (get === undefined ? [] : [{ ...row, ...get }]));
  test.concurrent.each(reads.map(named))('%s', async (_, { responses, sent, told, tokenClaims: claims }) => {
    const neighbors = way === 'a read' ? [] : neighborIds.map((userStateId) => ({ ...target, userStateId }));
    const { results, requests, audit, tokenClaims } = await observe({ responses, reads: responses }, (app) =>
      call(app, 'get', [...neighbors, target]),
    );
    const result = results.at(-1);
    expectTold(result, told);
    expect(methodsOf(requests)).toMatch(typeof sent === 'string' ? new RegExp(`^${sent}$`) : sent);
    expect(tokenClaims).toEqual(claims ?? [undefined]);
    expect(requests[0]?.isBatchItem).toBe(way !== 'a read');
    expect(audit).toEqual([]);
    const lastResponse = responses[requests.length - 1] ?? responses.at(-1);
    if (result !== undefined && 'error' in result) {
      expectIds(result.error.data.graph, requests, lastResponse?.from === 'graph');
      const isIntune = lastResponse?.body.includes(activityId);
      expect(result.error.data.graph?.activityId).toBe(isIntune ? activityId : undefined);
    }
    if (responses.every(({ from }) => from === 'graph')) {
      expect(results.slice(0, -1)).toEqual(neighbors.map(({ userStateId: id }) => ({ userState: { ...before, id } })));
    }
  });
});
