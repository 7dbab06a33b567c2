import type { StateRef } from '../../src/graph/ids.js';
import { userStatePath } from '../../src/graph/paths.js';

/** One HTTP call, and the state that its response must have. */
export interface Call {
  readonly method: 'PATCH' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly expected: ExpectedState;
}

/** A user state after an update. */
export interface ExpectedState {
  readonly id: string;
  readonly successDeviceCount: number;
  readonly errorDeviceCount: number;
}

/** How a contestant is called: with Graph's own PATCH or with tRPC. */
export type Protocol = 'graph' | 'tRPC';

/** The values of one state in one run. They are different in every run. */
export function expectedState({ userStateId }: StateRef, index: number, run: number): ExpectedState {
  return { id: userStateId, successDeviceCount: run, errorDeviceCount: index };
}

/** Creates one call for every state, which updates it. */
export function createCalls(protocol: Protocol, targets: readonly StateRef[], run: number): readonly Call[] {
  return targets.map((target, index) => {
    const expected = expectedState(target, index, run);
    const { id: _, ...patch } = expected;
    const [method, path, body, headers] =
      protocol === 'graph'
        ? (['PATCH', `/beta/${userStatePath(target)}`, patch, {}] as const)
        : (['POST', '/trpc/scriptUserState.update', { ...target, patch }, { 'x-csrf': '1' }] as const);
    return {
      method,
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      expected,
    };
  });
}

/** Checks a response. @returns a description of the error, or undefined */
export function findResponseError(call: Call, status: number, body: string): string | undefined {
  if (status < 200 || status > 299) return `${status} ${body.slice(0, 300)}`;
  return findStateError(call.expected, parseState(body) ?? body.slice(0, 300));
}

/** The state in a response of Graph or of tRPC. */
function parseState(body: string): ExpectedState | undefined {
  try {
    const parsed = JSON.parse(body) as ExpectedState & { readonly result?: { readonly data: ExpectedState } };
    return parsed.result?.data ?? parsed;
  } catch {
    return undefined;
  }
}

/** Checks the state that an update returned. @returns a description of the error, or undefined */
export function findStateError(expected: ExpectedState, actual: ExpectedState | string): string | undefined {
  const isEqual =
    typeof actual === 'object' &&
    actual.id === expected.id &&
    actual.successDeviceCount === expected.successDeviceCount &&
    actual.errorDeviceCount === expected.errorDeviceCount;
  return isEqual ? undefined : `expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}
