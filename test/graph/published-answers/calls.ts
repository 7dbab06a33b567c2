import supertest from 'supertest';
import type { ErrorData } from '../../../src/contract.js';
import { startMany } from '../../support/bulk.js';
import { before, newCounts, type PublishedAnswer, target } from './published-answer.js';

/** A failed call in tRPC's shape. */
export interface FailedCall {
  readonly message: string;
  readonly data: ErrorData;
}

/** The outcome of a call: what was returned, or the error in tRPC's shape. */
export type CallResult = { readonly userState: unknown } | { readonly error: FailedCall };

/** The ids of the other states in a batch. Graph applies their updates. */
export const neighborIds = ['1a', '2b'].map((end) => target.userStateId.slice(0, -2) + end);

/** The other updates in the batch of a row. They are ready when that of the row is: after a read, or at once. */
const neighborsOf = ({ input }: PublishedAnswer) =>
  neighborIds.map((userStateId) => ({
    ...target,
    userStateId,
    patch: newCounts,
    ...(input?.expected && { expected: { errorDeviceCount: before.errorDeviceCount } }),
  }));

/** The app that is called. */
export interface Address {
  readonly address: string;
}

/** Calls procedures over HTTP, as one tRPC batch if there are several. */
async function call(
  { address }: Address,
  procedure: string,
  inputs: readonly object[],
): Promise<readonly CallResult[]> {
  const path = inputs.map(() => `scriptUserState.${procedure}`).join();
  const input = JSON.stringify(inputs.length === 1 ? inputs[0] : { ...inputs });
  const query = { ...(inputs.length > 1 && { batch: '1' }), ...(procedure === 'get' && { input }) };
  const agent = supertest(address);
  const request = procedure === 'get' ? agent.get(`/trpc/${path}`) : agent.post(`/trpc/${path}`);
  request.query(query).set('x-csrf', '1').set('content-type', 'application/json');
  const response = await (procedure === 'get' ? request : request.send(input));
  const results = [response.body as unknown].flat() as readonly (
    | { readonly result: { readonly data: unknown } }
    | { readonly error: FailedCall }
  )[];
  return results.map((each) => ('error' in each ? each : { userState: each.result.data }));
}

const inputOf = ({ input }: PublishedAnswer) => ({ ...target, patch: newCounts, ...input });

/** A way to send the update of a row, or to read its state. */
export interface Way {
  /** Whether the request is in a batch. */
  readonly isBatched: boolean;
  /** Whether Graph responds with an error to the whole batch. */
  readonly failsBatches: boolean;
  /** Makes the call. Returns the result of the row last. */
  readonly send: (app: Address, row: PublishedAnswer) => Promise<readonly CallResult[]>;
}

const single = { isBatched: false, failsBatches: false };
const batched = { isBatched: true, failsBatches: false };
const failed = { isBatched: true, failsBatches: true };

const updateInBatch: Way['send'] = (app, row) => call(app, 'update', [...neighborsOf(row), inputOf(row)]);

async function updateMany(app: Address, row: PublishedAnswer): Promise<readonly CallResult[]> {
  const { approval, ...update } = inputOf(row);
  const { code, justification } = approval ?? {};
  const rows = [...neighborsOf(row), { ...update, ...(code !== undefined && { approval: { code } }) }];
  const results = await startMany(app, {
    updates: rows,
    ...(justification !== undefined && { approval: { justification } }),
  }).finished;
  return results
    .toSorted((one, other) => one.index - other.index)
    .map((result) => (result.ok ? { userState: result.userState } : { error: result.error }));
}

/** The ways to send the update of a row. */
export const updates: Readonly<Record<string, Way>> = {
  'an update': { ...single, send: (app, row) => call(app, 'update', [inputOf(row)]) },
  'an update in a batch': { ...batched, send: updateInBatch },
  'an update in a batch that fails': { ...failed, send: updateInBatch },
  'a row of updateMany': { ...batched, send: updateMany },
  'a row of updateMany in a batch that fails': { ...failed, send: updateMany },
};

const readInBatch = (app: Address) =>
  call(app, 'get', [...neighborIds.map((userStateId) => ({ ...target, userStateId })), target]);

/** The ways to read the state of a row. */
export const reads: Readonly<Record<string, Way>> = {
  'a read': { ...single, send: (app) => call(app, 'get', [target]) },
  'a read in a batch': { ...batched, send: readInBatch },
  'a read in a batch that fails': { ...failed, send: readInBatch },
};
