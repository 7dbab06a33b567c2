import { type StateRef, userStatePath } from '../../src/graph/routes.js';

/** One HTTP call, and what its answer must hold. */
export interface Call {
  readonly method: 'PATCH' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly wanted: Wanted;
}

/** The values that an update asks for. */
export interface Wanted {
  readonly id: string;
  readonly successDeviceCount: number;
  readonly errorDeviceCount: number;
}

/** What a contestant is spoken to in: Graph's own PATCH, or tRPC. */
export type Language = 'graph' | 'tRPC';

/** The values of one state in one run: no two runs ask for the same. */
export function wantedOf({ userStateId }: StateRef, index: number, run: number): Wanted {
  return { id: userStateId, successDeviceCount: run, errorDeviceCount: index };
}

/** One update of every state, in the language of the contestant. */
export function callsFor(language: Language, targets: readonly StateRef[], run: number): readonly Call[] {
  return targets.map((target, index) => {
    const wanted = wantedOf(target, index, run);
    const { id: _, ...patch } = wanted;
    const [method, path, body, headers] =
      language === 'graph'
        ? (['PATCH', `/beta/${userStatePath(target)}`, patch, {}] as const)
        : (['POST', '/trpc/scriptUserState.update', { ...target, patch }, { 'x-csrf': '1' }] as const);
    return {
      method,
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      wanted,
    };
  });
}

/** What is wrong with an answer; `undefined` when nothing is. */
export function faultOf(call: Call, status: number, body: string): string | undefined {
  if (status < 200 || status > 299) return `${status} ${body.slice(0, 300)}`;
  return faultOfState(call.wanted, stateIn(body) ?? body.slice(0, 300));
}

/** The state in an answer of Graph or of tRPC. */
function stateIn(body: string): Wanted | undefined {
  try {
    const answer = JSON.parse(body) as Wanted & { readonly result?: { readonly data: Wanted } };
    return answer.result?.data ?? answer;
  } catch {
    return undefined;
  }
}

/** What is wrong with the state that an update gave; `undefined` when nothing is. */
export function faultOfState(wanted: Wanted, given: Wanted | string): string | undefined {
  const right =
    typeof given === 'object' &&
    given.id === wanted.id &&
    given.successDeviceCount === wanted.successDeviceCount &&
    given.errorDeviceCount === wanted.errorDeviceCount;
  return right ? undefined : `wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(given)}`;
}
