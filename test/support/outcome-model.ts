import type { ScriptUserState } from '../../src/script-user-state.js';
import { type AnswerKind, lastResort, type ReadAnswer, type Script } from './outcome-script.js';

// A Graph with one user state that follows a script: for tests of the outcome of writes.

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
  readonly write: () => ModelResponse;
  readonly read: () => ModelResponse;
  /** Applies the writes that are still pending. */
  settle(): void;
  /** The state as it is. */
  readonly current: () => ScriptUserState | undefined;
  readonly isAsWanted: () => boolean;
  /** Whether the write, and not another writer, has set the state's values. */
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

const errorBody = (code: string, message: string) => JSON.stringify({ error: { code, message } });

const own = (status: number, body = '', headers: Readonly<Record<string, string>> = {}): ModelResponse => ({
  status,
  headers: { 'request-id': crypto.randomUUID(), 'content-type': 'application/json', ...headers },
  body,
});

const page = (status: number): ModelResponse => ({
  status,
  headers: { 'content-type': 'text/html', ...(status === 302 && { location: 'http://portal.example/' }) },
  body: '<html><body>Sign in to the network</body></html>',
});

/** The responses to writes, but for those that show the state. */
const responses = {
  'not-sent': () => 'not-sent',
  reset: () => 'reset',
  rejected: () => own(400, errorBody('BadRequest', 'the values are not acceptable')),
  forbidden: () => own(403, errorBody('Forbidden', 'not permitted')),
  queued: () => own(412, errorBody('PreconditionFailed', ''), { 'x-msft-approval-code': crypto.randomUUID() }),
  throttled: () => own(429, errorBody('TooManyRequests', 'too many'), { 'retry-after': '0' }),
  unavailable: () => own(503, errorBody('ServiceUnavailable', 'unavailable'), { 'retry-after': '0' }),
  'server-error': () => own(500, errorBody('InternalServerError', 'an error')),
  'bad-gateway': () => own(502),
  'gateway-timeout': () => own(504),
  'service-timeout': () => own(503, errorBody('CancelledOnServiceTimeout', 'cancelled')),
  'request-timeout': () => own(408),
  'portal-page': () => page(200),
  'portal-redirect': () => page(302),
  'proxy-forbidden': () => page(403),
  'proxy-not-found': () => page(404),
  'proxy-throttled': () => page(429),
  'proxy-bad-gateway': () => page(502),
  'other-id': () => own(200, JSON.stringify({ ...wantedState, id: 'another' })),
  accepted: () => own(202, JSON.stringify(wantedState)),
  'no-content': () => own(204),
  malformed: () => own(200, '{"id": '),
} as const satisfies Record<Exclude<AnswerKind, 'entity'>, () => ModelResponse>;

function respond(kind: AnswerKind, shown: ScriptUserState | undefined, action: Script['action']): ModelResponse {
  if (kind !== 'entity') return responses[kind]();
  // A delete has no entity to show.
  return action === 'delete' ? own(200) : own(action === 'create' ? 201 : 200, JSON.stringify(shown ?? {}));
}
