import { setTimeout as sleep } from 'node:timers/promises';
import { TRPCClientError } from '@trpc/client';
import type { AppRouter } from '../../src/contract.js';
import type { StateRef } from '../../src/graph/ids.js';
import { userStatePath, userStatesPath } from '../../src/graph/paths.js';
import { clientWith, createStreamClient } from '../support/clients.js';
import { createUserAgent, type UserAgent } from '../support/user-agent.js';
import type { ReportedJob, ReportedWrite, SessionViolation } from './checker.js';

/** The history of a run, to which all users add. */
export interface History {
  readonly writes: ReportedWrite[];
  readonly sessionViolations: SessionViolation[];
  /** How often each outcome was reported. */
  readonly outcomes: Map<string, number>;
  readonly jobs: ReportedJob[];
}

/** The service, the states and the history of one simulated user. */
export interface Assignment {
  readonly number: number;
  /** The origins of the service and of the identity provider. */
  readonly url: string;
  readonly issuer: string;
  /** States that no other user writes to. */
  readonly states: readonly StateRef[];
  readonly history: History;
  readonly signal: AbortSignal;
}

let values = 1_000;

/** A value that no other write sets. */
export const newValue = (): number => values++;

/** The outcome of a failed call: its reason, or `LOST` without a response of the service. */
export function outcomeOf(error: unknown): string {
  if (!(error instanceof TRPCClientError)) throw error;
  return (error as TRPCClientError<AppRouter>).data?.reason ?? 'LOST';
}

/** Reads, updates, creates, deletes and signs out at random until the signal aborts. */
export async function simulateUser(assignment: Assignment): Promise<void> {
  const { number, url, issuer, history, signal } = assignment;
  const at = new URL(url);
  const origin = `http://localhost:${at.port}`;
  const agent: UserAgent = createUserAgent({ url: at, address: url }, origin, issuer);
  let oid = '';
  let cookie = '';

  const client = clientWith({ address: url }, () => [cookie]);

  async function call<T>(doing: () => Promise<T>): Promise<{ readonly outcome: string; readonly value?: T }> {
    const own = cookie;
    let done: { readonly outcome: string; readonly value?: T };
    try {
      done = { outcome: 'OK', value: await doing() };
    } catch (error) {
      done = { outcome: outcomeOf(error) };
    }
    if (done.outcome === 'SIGN_IN_REQUIRED' && own === cookie) {
      history.sessionViolations.push({ session: number, what: 'signed out without a sign-out' });
    }
    history.outcomes.set(done.outcome, (history.outcomes.get(done.outcome) ?? 0) + 1);
    return done;
  }

  async function signIn(): Promise<void> {
    for (; !signal.aborted; await sleep(200)) {
      await agent.signIn('').catch(() => undefined);
      cookie = agent.cookies().join('; ');
      const current = await client.session.current.query().catch(() => undefined);
      if (current === undefined) continue;
      oid = current.user.oid;
      return;
    }
  }

  async function readSession(): Promise<void> {
    const { value } = await call(() => client.session.current.query());
    if (value !== undefined && value.user.oid !== oid)
      history.sessionViolations.push({ session: number, what: 'another user' });
  }

  async function update(): Promise<void> {
    const target = assignment.states[values % assignment.states.length];
    if (target === undefined) return;
    const value = newValue();
    const { outcome } = await call(() =>
      client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: value } }),
    );
    history.writes.push({ action: 'update', path: userStatePath(target), value: String(value), outcome });
  }

  async function createAndDelete(): Promise<void> {
    const [script] = assignment.states;
    if (script === undefined) return;
    const { scriptKind, scriptId } = script;
    const value = newValue();
    const name = `soak-${value}@contoso.example`;
    const userState = { successDeviceCount: value, errorDeviceCount: 0, userPrincipalName: name };
    const made = await call(() => client.scriptUserState.create.mutate({ scriptKind, scriptId, userState }));
    history.writes.push({
      action: 'create',
      path: userStatesPath(script),
      value: String(value),
      outcome: made.outcome,
    });
    if (made.value === undefined) return;
    const target = { scriptKind, scriptId, userStateId: made.value.id };
    const gone = await call(() => client.scriptUserState.delete.mutate(target));
    history.writes.push({ action: 'delete', path: userStatePath(target), value: null, outcome: gone.outcome });
  }

  async function signOutAndIn(): Promise<void> {
    const before = cookie;
    const page = await agent.signOut().catch(() => undefined);
    cookie = '';
    // Without a successful response the session may still be valid.
    for (let asked = page?.status === 200 ? 0 : 2; asked < 2; asked++) {
      const again = await clientWith({ address: url }, () => [before])
        .session.current.query()
        .then(
          () => 'OK',
          (error: unknown) => outcomeOf(error),
        );
      if (again === 'OK') history.sessionViolations.push({ session: number, what: 'valid after a sign-out' });
    }
    await signIn();
  }

  await signIn();
  while (!signal.aborted) {
    const dice = Math.random();
    if (dice < 0.4) await readSession();
    else if (dice < 0.6) {
      const target = assignment.states[0];
      if (target !== undefined) await call(() => client.scriptUserState.get.query(target));
    } else if (dice < 0.93) await update();
    else if (dice < 0.98) await createAndDelete();
    else await signOutAndIn();
    await sleep(500 + Math.random() * 2_000, undefined, { signal }).catch(() => undefined);
  }
}

/** Signs in until it succeeds, or the signal aborts. @returns the cookies */
export async function signInOnce({ url, issuer, signal }: Assignment): Promise<string> {
  const at = new URL(url);
  const agent = createUserAgent({ url: at, address: url }, `http://localhost:${at.port}`, issuer);
  let cookie = '';
  for (let isSignedIn = false; !isSignedIn && !signal.aborted; ) {
    await agent.signIn('').catch(() => undefined);
    cookie = agent.cookies().join('; ');
    const current = clientWith({ address: url }, () => [cookie]).session.current.query();
    isSignedIn = await current.then(
      () => true,
      () => sleep(200, false),
    );
  }
  return cookie;
}

/** Adds the result of a row of a bulk update or job. */
export function recordRow(history: History, target: StateRef, value: number, outcome: string, name: string): void {
  history.writes.push({ action: 'update', path: userStatePath(target), value: String(value), outcome });
  history.outcomes.set(`${name} ${outcome}`, (history.outcomes.get(`${name} ${outcome}`) ?? 0) + 1);
}

/** Updates all of its states in bulk, again and again, until the signal aborts. */
export async function simulateBulkUser(assignment: Assignment): Promise<void> {
  const { url, history, signal, states } = assignment;
  const cookie = await signInOnce(assignment);
  const client = createStreamClient({ address: url }, { cookie });
  while (!signal.aborted) {
    const updates = states.map((target) => ({ ...target, patch: { errorDeviceCount: newValue() } }));
    const outcomes = updates.map(() => 'LOST');
    try {
      for await (const each of await client.scriptUserState.updateMany.mutate({ updates })) {
        if (each.type === 'result') outcomes[each.index] = each.ok ? 'OK' : each.error.data.reason;
      }
    } catch {
      // Rows without a result are lost.
    }
    for (const [index, { patch, ...target }] of updates.entries()) {
      recordRow(history, target, patch.errorDeviceCount, outcomes[index] ?? 'LOST', 'row');
    }
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
}
