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

/** The ids of the other states in a batch. Graph applies the updates of them. */
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
export async function call(
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

/** The ways to send the update of a row. Each returns its result last. */
export const ways: Readonly<Record<string, (app: Address, row: PublishedAnswer) => Promise<readonly CallResult[]>>> = {
  'an update': (app, row) => call(app, 'update', [inputOf(row)]),
  'an update in a batch': (app, row) => call(app, 'update', [...neighborsOf(row), inputOf(row)]),
  async updateMany(app, row) {
    const { approval, ...update } = inputOf(row);
    const { code, justification } = approval ?? {};
    const updates = [...neighborsOf(row), { ...update, ...(code !== undefined && { approval: { code } }) }];
    const results = await startMany(app, {
      updates,
      ...(justification !== undefined && { approval: { justification } }),
    }).finished;
    return results
      .toSorted((one, other) => one.index - other.index)
      .map((result) => (result.ok ? { userState: result.userState } : { error: result.error }));
  },
};
