import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TRPCClientError } from '@trpc/client';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AuditedOutcome, auditedOutcome } from '../../src/audit/audit.js';
import type { AppRouter } from '../../src/contract.js';
import { CallError } from '../../src/errors.js';
import type { Caller } from '../../src/graph/graph.js';
import type { CallContext } from '../../src/graph/requests/call-context.js';
import type { GraphClient } from '../../src/graph/requests/graph-client.js';
import { createUserStates } from '../../src/graph/requests/user-states.js';
import { createWriter } from '../../src/graph/requests/writer.js';
import { errorFromResponse, isQueuedForApproval } from '../../src/graph/wire/error-response.js';
import { provenanceOf } from '../../src/graph/wire/provenance.js';
import type { GraphResponse } from '../../src/graph/wire/transport.js';
import { Deadline } from '../../src/scheduling/deadline.js';
import { useFixture } from '../support/fixture.js';
import {
  createModelGraph,
  initialState,
  type ModelGraph,
  type ModelResponse,
  stateId,
  wanted,
} from '../support/outcome-model.js';
import { anyScript, mayApplyLater, type Script } from '../support/outcome-script.js';
import { liveSettings, useService } from '../support/service.js';

// The rules for outcomes, against a model of Graph that applies each request now, later, differently or never.

/** A deadline in virtual time. */
class VirtualDeadline extends Deadline {
  #remainingMs: number;

  constructor(totalMs: number) {
    super({ totalMs });
    this.#remainingMs = totalMs;
  }

  override get remainingMs(): number {
    return this.#remainingMs;
  }

  override allowsAttemptAfter(waitMs: number): boolean {
    return this.#remainingMs - waitMs >= 1_000;
  }

  override async wait(ms: number): Promise<void> {
    this.#remainingMs = Math.max(0, this.#remainingMs - ms);
  }
}

const msPerRequest = 200;

/** The client of a model, without quota, tokens and connections. */
function createModelClient(graph: ModelGraph): GraphClient {
  async function receive(send: () => ModelResponse, { deadline }: CallContext): Promise<GraphResponse> {
    await deadline.wait(msPerRequest);
    const sent = send();
    if (sent === 'not-sent') throw new CallError('GRAPH_UNAVAILABLE', { certainty: 'deferred' });
    if (sent === 'reset') throw new CallError('GRAPH_UNAVAILABLE', { certainty: 'unknown' });
    const { status, body: text } = sent;
    const headers = new Map(Object.entries(sent.headers));
    const response = { status, headers, text, ...provenanceOf({ status, headers, text }, 'client-id') };
    const isSuccess = status >= 200 && status < 300 && !(status === 202 && isQueuedForApproval(response));
    if (!isSuccess) throw errorFromResponse(response);
    return response;
  }
  return {
    attempt: (_request, context) => receive(graph.write, context),
    read: async (_path, parse, context) => parse(await receive(graph.read, context)),
  };
}

const noPages = () => Promise.reject(new Error('a state with an id is not searched for'));
const caller = {} as Caller;
const target = { scriptKind: 'deviceShellScript', scriptId: 'script', userStateId: stateId } as const;
const expectedOf = ({ isExpected }: Script) =>
  isExpected ? { successDeviceCount: initialState.successDeviceCount } : undefined;
const approvals = { none: undefined, justification: { justification: 'a ticket' }, code: { code: 'code' } } as const;

async function run(script: Script, graph: ModelGraph, totalMs: number): Promise<unknown> {
  const client = createModelClient(graph);
  const states = createUserStates(client, noPages, '/beta/');
  const write = createWriter(client);
  const approval = approvals[script.approval];
  const expected = expectedOf(script);
  const context: CallContext = {
    caller,
    priority: { fairnessKey: 'key', user: 'key', level: 'interactive' },
    deadline: new VirtualDeadline(totalMs),
  };
  const outcome =
    script.action === 'update'
      ? write(states.update(target, wanted, { approval, expected }), context)
      : script.action === 'create'
        ? write(states.create(target, { ...wanted, id: stateId }, { approval }), context)
        : write(states.delete(target, { approval, expected }), context);
  return outcome.catch((error: unknown) => error);
}

/** The outcome of a write, as the audit records it. */
interface Outcome {
  readonly audited: AuditedOutcome;
  readonly reason?: string | undefined;
  readonly current?: unknown;
}

function outcomeOf(result: unknown): Outcome {
  if (!(result instanceof CallError)) {
    if (result instanceof Error) throw result;
    return { audited: 'applied' };
  }
  const { reason, details } = result;
  return { audited: auditedOutcome(result, reason), reason, current: details.current };
}

const processed = ['entity', 'no-content', 'malformed'] as const;
const isProcessed = (kind: string | undefined) => processed.some((each) => each === kind);

/** What must hold for every outcome. */
function check(
  { action, approval, isExpected }: Script,
  graph: ModelGraph,
  { audited, reason, current }: Outcome,
): void {
  const { sent } = graph;
  // What Graph has accepted is not sent again, and neither is a create or a request that may be filed for approval.
  expect(sent.slice(0, -1).filter((kind) => isProcessed(kind) || kind === 'accepted')).toEqual([]);
  if (action === 'create' || approval === 'justification') expect(sent.length).toBeLessThanOrEqual(1);

  if (reason === 'NOT_APPLIED') {
    expect(current).toBeDefined();
    // If another writer deletes a state that Graph has just created, it is as the response showed it.
    if (action !== 'create' || graph.current() !== undefined) expect(current).toEqual(graph.current());
  }
  if (isExpected && action !== 'create') expect(graph.isSentOverOthers()).toBe(false);
  if (reason === 'CONFLICT' && action !== 'create') {
    expect(current).toEqual(graph.current());
    expect(graph.current()).not.toEqual(initialState);
  }
  switch (audited) {
    case 'applied': {
      // Graph's 2xx response to a delete is proof, unless a read contradicts it.
      const isImplied = action === 'delete' && isProcessed(sent.at(-1)) && !graph.reads().includes('state');
      expect(graph.isAsWanted() || isImplied).toBe(true);
      break;
    }
    case 'unchanged':
      expect.fail('only with readFirst');
      break;
    case 'pending-approval':
      expect(sent.at(-1)).toBe('queued');
      break;
    case 'unknown':
      // Any other reason is that of a write that Graph has only deferred, and that no read could verify.
      if (reason !== 'OUTCOME_UNKNOWN') expect(sent.filter(mayApplyLater)).toEqual([]);
      break;
    case 'rejected':
      // The values are not there, and can no longer come.
      expect(graph.isApplied()).toBe(false);
      graph.settle();
      expect(graph.isApplied()).toBe(false);
  }
}

test('a write is done only if the values are there, and has failed only if they can no longer come', async () => {
  await fc.assert(
    fc.asyncProperty(anyScript, fc.constantFrom(1_500, 3_000, 10_000, 30_000), async (script, totalMs) => {
      const graph = createModelGraph(script);
      check(script, graph, outcomeOf(await run(script, graph, totalMs)));
      expect(graph.reads().length).toBeLessThanOrEqual(2);
    }),
    { numRuns: 5_000 },
  );
});

describe('over HTTP', () => {
  const models = new Map<string, ModelGraph>();
  const server = useFixture(
    async () => {
      const started = createServer((request, response) => {
        const model = models.get(request.url?.split('/')[4] ?? '');
        const sent = request.method === 'GET' ? model?.read() : model?.write();
        if (typeof sent !== 'object') request.socket.destroy();
        else response.writeHead(sent.status, sent.headers).end(sent.body);
      }).listen(0, '127.0.0.1');
      await once(started, 'listening');
      return { started, baseUrl: `http://127.0.0.1:${(started.address() as AddressInfo).port}/beta` };
    },
    ({ started }) => {
      started.closeAllConnections();
      started.close();
    },
  );
  const service = useService(() => ({
    ...liveSettings(server),
    GRAPH_DEADLINE_MS: '4000',
    GRAPH_WRITES_PER_20S: '2000',
  }));

  async function call(script: Script, scriptId: string): Promise<Outcome> {
    const { update, create, delete: remove } = service.client.scriptUserState;
    const { scriptKind, userStateId } = target;
    const approval = approvals[script.approval];
    const expected = expectedOf(script);
    const written =
      script.action === 'update'
        ? update.mutate({ scriptKind, scriptId, userStateId, patch: wanted, approval, expected })
        : script.action === 'create'
          ? create.mutate({ scriptKind, scriptId, userState: { ...wanted, id: userStateId }, approval })
          : remove.mutate({ scriptKind, scriptId, userStateId, approval, expected });
    const error = await written.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined && !(error instanceof TRPCClientError)) throw new Error('no response', { cause: error });
    const [line] = service.outcomes({ scriptId });
    const audited = line?.['outcome'] as AuditedOutcome;
    const { reason, current } = (error as TRPCClientError<AppRouter> | undefined)?.data ?? {};
    return { audited, reason, current };
  }

  test('the same holds', async () => {
    // A connection that cannot be made is tested elsewhere.
    const scripts = fc.sample(anyScript, 150).filter(({ answers }) => answers.every(({ kind }) => kind !== 'not-sent'));
    await Promise.all(
      scripts.map(async (script, index) => {
        const graph = createModelGraph(script);
        models.set(`script-${index}`, graph);
        const outcome = await call(script, `script-${index}`);
        try {
          check(script, graph, outcome);
        } catch (error) {
          throw new Error(JSON.stringify({ script, outcome, sent: graph.sent }), { cause: error });
        }
      }),
    );
  });
});
