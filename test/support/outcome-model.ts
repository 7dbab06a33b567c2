import * as fc from 'fast-check';
import type { ScriptUserState } from '../../src/script-user-state.js';

// A Graph with one user state, whose responses and their effects are scripted: for tests of the outcome of writes.

/**
 * What becomes of a write: it is applied before its response, never, after some further requests, or as other values.
 * `soon` is visible to the second read.
 */
export type Effect = 'now' | 'never' | 'soon' | 'later' | 'clamped';

/** The effects that a request can have if Graph, or another server, responds to it in this way. */
const effectsOf = {
  'not-sent': ['never'],
  rejected: ['never'],
  forbidden: ['never'],
  queued: ['never'],
  throttled: ['never', 'now'],
  unavailable: ['never', 'now'],
  'server-error': ['never', 'now'],
  'bad-gateway': ['never', 'now'],
  'gateway-timeout': ['never', 'now', 'later'],
  'service-timeout': ['never', 'now', 'later'],
  'request-timeout': ['never', 'now', 'later'],
  reset: ['never', 'now', 'later'],
  'portal-page': ['never', 'now', 'later'],
  'portal-redirect': ['never', 'now', 'later'],
  'proxy-forbidden': ['never', 'now', 'later'],
  'proxy-not-found': ['never', 'now', 'later'],
  'proxy-throttled': ['never', 'now', 'later'],
  'proxy-bad-gateway': ['never', 'now', 'later'],
  'other-id': ['never', 'now', 'later'],
  accepted: ['never', 'now', 'later'],
  entity: ['now', 'never', 'clamped'],
  'no-content': ['now', 'never', 'soon', 'clamped'],
  malformed: ['now', 'never', 'soon', 'clamped'],
} as const satisfies Record<string, readonly Effect[]>;

/** How a server responds to a write. */
export type AnswerKind = keyof typeof effectsOf;

/** The scripted response to a write, its effect, and after how many requests a late effect occurs. */
export interface Answer {
  readonly kind: AnswerKind;
  readonly effect: Effect;
  readonly delay: number;
}

/** The scripted response to a read: the state, an error of Graph, or the page of a proxy. */
export type ReadAnswer = 'state' | 'server-error' | 'proxy-not-found';

/** What another writer does before the request with a number. */
export interface Interference {
  readonly at: number;
  readonly action: 'none' | 'overwrite' | 'delete';
}

/** The script of one write. The last answer of each list is repeated. */
export interface Script {
  readonly action: 'update' | 'create' | 'delete';
  readonly approval: 'none' | 'justification' | 'code';
  readonly answers: readonly Answer[];
  readonly reads: readonly ReadAnswer[];
  readonly interference: Interference;
}

const kinds = Object.keys(effectsOf) as readonly AnswerKind[];

const lastResort: Answer = { kind: 'rejected', effect: 'never', delay: 1 };

/** Whether a request with such a response can still be applied after it. */
export const mayApplyLater = (kind: AnswerKind): boolean => effectsOf[kind].some((effect) => effect === 'later');

/** Generates scripts. */
export const anyScript: fc.Arbitrary<Script> = fc.record({
  action: fc.constantFrom('update', 'update', 'create', 'delete'),
  approval: fc.constantFrom('none', 'none', 'justification', 'code'),
  answers: fc.array(
    fc.constantFrom(...kinds).chain((kind) =>
      fc.record({
        kind: fc.constant(kind),
        effect: fc.constantFrom<Effect>(...effectsOf[kind]),
        delay: fc.integer({ min: 1, max: 5 }),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
  reads: fc.array(fc.constantFrom<ReadAnswer>('state', 'state', 'state', 'server-error', 'proxy-not-found'), {
    minLength: 1,
    maxLength: 4,
  }),
  interference: fc.record({
    at: fc.integer({ min: 1, max: 6 }),
    action: fc.constantFrom('none', 'none', 'none', 'overwrite', 'delete'),
  }),
});

/** The id of the state. */
export const stateId = 'state';

/** The values that the write sets. Graph stores the name in lower case. */
export const wanted = {
  successDeviceCount: 7,
  errorDeviceCount: 0,
  userPrincipalName: 'Jane@contoso.example',
} as const;

const state = (successDeviceCount: number, userPrincipalName = 'jane@contoso.example'): ScriptUserState => ({
  id: stateId,
  successDeviceCount,
  errorDeviceCount: 0,
  userPrincipalName,
});
const initialState = state(2);
const clampedState = state(3);
const overwrittenState = state(4, 'john@contoso.example');
const wantedState = state(wanted.successDeviceCount);

/** A response, or a request that was not sent, or a connection that was reset. */
export type ModelResponse =
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  | 'not-sent'
  | 'reset';

/** A Graph that follows a script. */
export interface ModelGraph {
  write(): ModelResponse;
  read(): ModelResponse;
  /** Applies what is still to be applied. */
  settle(): void;
  /** The state as it is. */
  readonly current: () => ScriptUserState | undefined;
  readonly isAsWanted: () => boolean;
  /** Whether the state is as wanted because of the write, and not because of another writer. */
  readonly isApplied: () => boolean;
  /** The responses to writes so far. */
  readonly sent: readonly AnswerKind[];
  /** The responses to reads since the last write. */
  readonly reads: () => readonly ReadAnswer[];
}

/** Creates a Graph that follows a script. */
export function createModelGraph({ action, answers, reads, interference }: Script): ModelGraph {
  let current = action === 'create' ? undefined : initialState;
  let pending: { readonly dueAt: number }[] = [];
  let isApplied = false;
  let requests = 0;
  let writeCount = 0;
  let readCount = 0;
  let readsSinceWrite: ReadAnswer[] = [];
  const sent: AnswerKind[] = [];

  function apply(): void {
    // A state that another writer has deleted can no longer be updated or deleted.
    if (action !== 'create' && current === undefined) return;
    isApplied = true;
    current = action === 'delete' ? undefined : wantedState;
  }

  function begin(): void {
    requests++;
    if (interference.action !== 'none' && interference.at === requests) {
      isApplied = false;
      current = interference.action === 'delete' ? undefined : overwrittenState;
    }
    for (const { dueAt } of pending) if (dueAt <= requests) apply();
    pending = pending.filter(({ dueAt }) => dueAt > requests);
  }

  function isConflict(kind: AnswerKind): boolean {
    const isProcessed = kind === 'entity' || kind === 'no-content' || kind === 'malformed';
    return isProcessed && (action === 'create') === (current !== undefined);
  }

  return {
    sent,
    current: () => current,
    isAsWanted: () =>
      action === 'delete' ? current === undefined : current?.successDeviceCount === wanted.successDeviceCount,
    isApplied: () => isApplied,
    reads: () => readsSinceWrite,
    write() {
      begin();
      const { kind, effect, delay } = answers[Math.min(writeCount++, answers.length - 1)] ?? lastResort;
      readsSinceWrite = [];
      if (kind === 'not-sent') return kind;
      sent.push(kind);
      if (isConflict(kind)) {
        sent[sent.length - 1] = 'rejected';
        return own(action === 'create' ? 409 : 404, errorBody('ResourceNotFound', 'no such state, or one too many'));
      }
      if (effect === 'now') apply();
      if (effect === 'clamped' && action !== 'delete') {
        isApplied = false;
        current = clampedState;
      }
      if (effect === 'soon') pending.push({ dueAt: requests + 2 });
      if (effect === 'later') pending.push({ dueAt: requests + delay });
      return respond(kind, current, action);
    },
    read() {
      begin();
      const answer = reads[Math.min(readCount++, reads.length - 1)] ?? 'state';
      readsSinceWrite.push(answer);
      if (answer === 'server-error') return own(500, errorBody('InternalServerError', 'an error'));
      if (answer === 'proxy-not-found') return page(404);
      if (current === undefined) return own(404, errorBody('ResourceNotFound', 'no such state'));
      return own(200, JSON.stringify(current));
    },
    settle() {
      for (const _ of pending) apply();
      pending = [];
    },
  };
}

function respond(kind: AnswerKind, shown: ScriptUserState | undefined, action: Script['action']): ModelResponse {
  switch (kind) {
    case 'not-sent':
    case 'reset':
      return kind;
    case 'rejected':
      return own(400, errorBody('BadRequest', 'the values are not acceptable'));
    case 'forbidden':
      return own(403, errorBody('Forbidden', 'not permitted'));
    case 'queued':
      return own(412, errorBody('PreconditionFailed', 'approval'), { 'x-msft-approval-code': crypto.randomUUID() });
    case 'throttled':
      return own(429, errorBody('TooManyRequests', 'too many'), { 'retry-after': '0' });
    case 'unavailable':
      return own(503, errorBody('ServiceUnavailable', 'unavailable'), { 'retry-after': '0' });
    case 'server-error':
      return own(500, errorBody('InternalServerError', 'an error'));
    case 'bad-gateway':
      return own(502, '');
    case 'gateway-timeout':
      return own(504, '');
    case 'service-timeout':
      return own(503, errorBody('CancelledOnServiceTimeout', 'cancelled'));
    case 'request-timeout':
      return own(408, '');
    case 'portal-page':
      return page(200);
    case 'portal-redirect':
      return page(302);
    case 'proxy-forbidden':
      return page(403);
    case 'proxy-not-found':
      return page(404);
    case 'proxy-throttled':
      return page(429);
    case 'proxy-bad-gateway':
      return page(502);
    case 'other-id':
      return own(200, JSON.stringify({ ...wantedState, id: 'another' }));
    case 'accepted':
      return own(202, JSON.stringify(wantedState));
    case 'no-content':
      return own(204, '');
    case 'malformed':
      return own(200, '{"id": ');
    case 'entity':
      // A delete has no entity to show.
      return action === 'delete' ? own(200, '') : own(action === 'create' ? 201 : 200, JSON.stringify(shown ?? {}));
  }
}

const errorBody = (code: string, message: string) => JSON.stringify({ error: { code, message } });

const own = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): ModelResponse => ({
  status,
  headers: { 'request-id': crypto.randomUUID(), 'content-type': 'application/json', ...headers },
  body,
});

const page = (status: number): ModelResponse => ({
  status,
  headers: { 'content-type': 'text/html', ...(status === 302 && { location: 'http://portal.example/' }) },
  body: '<html><body>Sign in to the network</body></html>',
});
