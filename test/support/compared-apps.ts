import { isDeepStrictEqual } from 'node:util';
import { afterEach, expect } from 'vitest';
import { procedures } from '../../src/api/router.js';
import { type Authenticate, localOperator } from '../../src/auth/principal.js';
import type { CallOptions, Graph } from '../../src/graph/graph.js';
import type { StateRef } from '../../src/graph/ids.js';
import { createClient } from './clients.js';
import { useFixture } from './fixture.js';
import { type HandlerComparison, type Seen, type Sent, startHandlerComparison } from './handler-comparison.js';
import { validInputs } from './raw-calls.js';
import { someStates } from './states.js';

/** The header `x-test-person` selects the caller. */
export const authenticate: Authenticate = async (request, active) => {
  const roles = ['reader', 'operator'] as const;
  const expiresAt = new Date('2030-01-02T03:04:05.678Z');
  switch (request.get('x-test-person') ?? '') {
    case 'nobody':
      return null;
    case 'without-role':
      return { user: { oid: 'without-role', name: 'Nora \ud800 “Norole”', roles: [] }, expiresAt };
    case 'reader':
      return { user: { oid: 'reader', name: 'Ravi', roles: ['reader'] }, expiresAt };
    case 'without-graph':
      return { user: { oid: 'without-graph', name: 'Olga', roles }, expiresAt };
    case 'defect':
      throw new Error('a defect');
    default:
      return localOperator(request, active);
  }
};

/**
 * The real Graph layer, except that it violates its types for the caller `without-graph`, and that lists with a request
 * for each script read the scripts only: many comparisons would use up the quota of reads.
 */
function breakGraph(real: Graph): Graph {
  const isBroken = ({ caller }: CallOptions) => caller.fairnessKey === 'without-graph';
  return {
    approvalStatuses: (codes, options) => real.approvalStatuses(codes, options),
    scripts: {
      async overview(kind, cursor, options) {
        const { items, ...page } = await real.scripts.list(kind, cursor, options);
        return { ...page, items: items.map((script) => ({ ...script, summary: null })) };
      },
      list: (kind, cursor, options) =>
        isBroken(options) ? Promise.reject(new Error('a defect')) : real.scripts.list(kind, cursor, options),
    },
    deviceRunStates: {
      ...real.deviceRunStates,
      list: (target, cursor, options) =>
        isBroken(options) ? Promise.resolve(undefined as never) : real.deviceRunStates.list(target, cursor, options),
    },
    userStates: {
      ...real.userStates,
      async listForUser(_userId, cursor, options) {
        const page = await real.scripts.list('deviceShellScript', cursor, options);
        return { ...page, items: [] };
      },
      list: (script, cursor, options) =>
        isBroken(options)
          ? Promise.resolve({ items: [], nextCursor: undefined } as never)
          : real.userStates.list(script, cursor, options),
      get(target, options) {
        // oxlint-disable-next-line typescript/only-throw-error
        if (isBroken(options)) throw 'no error at all';
        return real.userStates.get(target, options);
      },
      update: (target, patch, options) =>
        isBroken(options)
          ? // oxlint-disable-next-line typescript/prefer-promise-reject-errors
            Promise.reject(undefined)
          : real.userStates.update(target, patch, options),
    },
  };
}

interface Both {
  readonly own: Seen;
  readonly stock: Seen;
}

interface SendOptions {
  /** Runs before each of the two requests, to start both in the same state. */
  readonly begin?: () => Promise<unknown>;
  readonly at?: HandlerComparison;
}

/** The two apps of a test file. */
export interface ComparedApps extends HandlerComparison {
  /** Two user states of one script. */
  readonly known: StateRef;
  readonly other: StateRef;
}

async function startComparedApps(): Promise<ComparedApps> {
  const comparison = await startHandlerComparison({ authenticate, wrapGraph: breakGraph });
  const [one, two] = await someStates({ client: createClient(comparison.own.address) }, 2);
  if (one === undefined || two === undefined) throw new Error('the script must have two states');
  return { ...comparison, known: one.target, other: two.target };
}

/**
 * Starts the two apps before the tests of a file, resets the simulator after each of them, and stops both at the end.
 */
export function useComparedApps() {
  const apps = useFixture(startComparedApps, (started) => started.stop());
  afterEach(() => apps.simulator.reset());

  /** Sends a request to each of the two apps in turn. */
  async function both(sent: Sent, { begin, at = apps }: SendOptions = {}): Promise<Both> {
    await begin?.();
    const own = await at.own.send(sent);
    await begin?.();
    return { own, stock: await at.stock.send(sent) };
  }

  /** Fails with every request whose two responses differ. @returns the statuses of the responses */
  async function expectSame(all: readonly Sent[], options?: SendOptions): Promise<readonly number[]> {
    const statuses: number[] = [];
    const different: object[] = [];
    for (const sent of all) {
      const { own, stock } = await both(sent, options);
      statuses.push(own.status);
      if (!isDeepStrictEqual(own, stock)) different.push({ sent, own, stock });
    }
    expect(different).toEqual([]);
    return statuses;
  }

  return { apps, both, expectSame };
}

/** A POST request. */
export const post = (paths: string, body: Sent['body'], headers: Sent['headers'] = {}): Sent => ({
  method: 'POST',
  path: `/trpc/${paths}`,
  body,
  headers,
});

/** A GET request. */
export const get = (paths: string, input?: string, headers: Sent['headers'] = {}): Sent => {
  const query = input === undefined ? '' : `${paths.includes('?') ? '&' : '?'}input=${encodeURIComponent(input)}`;
  return { method: 'GET', path: `/trpc/${paths}${query}`, headers };
};

/** The same call as a GET and as a POST request. */
export const either = (paths: string, input?: string, headers?: Sent['headers']): readonly Sent[] => [
  get(paths, input, headers),
  post(paths, input, headers),
];

/** The path of a batch. */
export const batch = (paths: readonly string[]): string => `${paths.join(',')}?batch=1`;

/** The body of a batch, from the inputs of its calls. */
export const inputsOf = (inputs: readonly (object | string | number | null | undefined)[]): string =>
  JSON.stringify(Object.fromEntries(inputs.map((input, index) => [index, input])));

/** The paths of all procedures. */
export const paths = [...procedures.keys()];

/** The paths of all queries. */
export const queries = paths.filter((path) => procedures.get(path)?.type === 'query');

/** The paths of all mutations. */
export const mutations = paths.filter((path) => procedures.get(path)?.type === 'mutation');

/** A valid input of a procedure, if it has one and does not stream. */
export const validInput = (path: string): object | undefined => (validInputs as Readonly<Record<string, object>>)[path];

/** A valid input of `script.list` as JSON text. */
export const list = JSON.stringify(validInputs['script.list']);

/** An input that no procedure accepts. */
export const invalidInput = { scriptKind: 'none' };

/** A valid patch. */
export const full = { successDeviceCount: 3, errorDeviceCount: 4, userPrincipalName: 'somebody@contoso.example' };
