import { CallError, requireCallError } from '../../errors.js';
import type { ScriptUserState } from '../../script-user-state.js';
import { readEntity, requireEntity, scriptUserState } from '../entities.js';
import type { Approval, NewUserState, UserStatePatch } from '../graph.js';
import type { ScriptRef, StateRef } from '../ids.js';
import { userStatePath, userStatesPath } from '../paths.js';
import type { GraphResponse } from '../wire/transport.js';
import type { CallContext } from './call-context.js';
import type { PagePosition } from './cursor.js';
import type { GraphClient } from './graph-client.js';
import { userStates } from './list.js';
import type { Pager } from './pager.js';
import type { Write } from './writer.js';

const odataType = '#microsoft.graph.deviceManagementScriptUserState';

/** Accepted, but not necessarily applied, whatever the body shows. */
const accepted = 202;

/** The read of a user run state, and its three writes with the verification of their outcome. */
export interface UserStates {
  get(target: StateRef, context: CallContext): Promise<ScriptUserState>;
  update(target: StateRef, patch: UserStatePatch, approval: Approval | undefined): Write<ScriptUserState>;
  create(script: ScriptRef, state: NewUserState): Write<ScriptUserState>;
  delete(target: StateRef): Write<{ readonly id: string }>;
}

/** @param basePath of Graph, with the version and a slash at its end */
export function createUserStates(client: GraphClient, readPage: Pager, basePath: string): UserStates {
  const pathOf = (target: StateRef) => basePath + userStatePath(target);
  const get = (target: StateRef, context: CallContext) =>
    client.read(pathOf(target), (response) => requireEntity(scriptUserState, response, target.userStateId), context);

  /** Without an id, a new state cannot be distinguished from an earlier one with equal values. */
  async function assertNoEqualState(script: ScriptRef, state: NewUserState, context: CallContext): Promise<undefined> {
    let position: PagePosition | undefined;
    do {
      const { items, unreadable, next } = await readPage(userStates(script), position, context);
      if (items.some((item) => matches(item, state))) throw new CallError('CONFLICT');
      if (unreadable > 0) throw new CallError('GRAPH_PROTOCOL');
      position = next;
    } while (position !== undefined);
  }

  return {
    get,

    update(target, patch, approval) {
      return {
        request: { method: 'PATCH', path: pathOf(target), headers: approvalHeaders(approval), body: entityBody(patch) },
        retrySafety: approval?.justification === undefined ? 'idempotent' : 'mayQueueApproval',
        confirmedBy: (response) => ifConfirmed(response, patch, target.userStateId),
        verify: async (context) => ifMatches(await get(target, context), patch),
      };
    },

    create(script, state) {
      const { id } = state;
      return {
        request: { method: 'POST', path: basePath + userStatesPath(script), body: entityBody(state) },
        retrySafety: 'notIdempotent',
        confirmedBy: (response) => ifConfirmed(response, state, id),
        async verify(context) {
          if (id === undefined) return assertNoEqualState(script, state, context);
          return ifMatches(await undefinedIfNotFound(get({ ...script, userStateId: id }, context)), state);
        },
      };
    },

    delete(target) {
      const deleted = { id: target.userStateId };
      return {
        request: { method: 'DELETE', path: pathOf(target) },
        retrySafety: 'idempotent',
        confirmedBy: ({ status, isFromGraph }) => (status === accepted || !isFromGraph ? undefined : deleted),
        verify: async (context) =>
          (await undefinedIfNotFound(get(target, context))) === undefined ? deleted : undefined,
      };
    },
  };
}

function entityBody(fields: object): string {
  return JSON.stringify({ '@odata.type': odataType, ...fields });
}

function approvalHeaders({ justification, code }: Approval = {}): Record<string, string> {
  if (code !== undefined) return { 'x-msft-approval-code': code };
  if (justification === undefined) return {};
  return { 'x-msft-approval-justification': Buffer.from(justification, 'utf8').toString('base64') };
}

function matches(state: ScriptUserState, wanted: UserStatePatch): boolean {
  return (
    (wanted.successDeviceCount === undefined || wanted.successDeviceCount === state.successDeviceCount) &&
    (wanted.errorDeviceCount === undefined || wanted.errorDeviceCount === state.errorDeviceCount) &&
    (wanted.userPrincipalName === undefined || wanted.userPrincipalName === state.userPrincipalName)
  );
}

function ifMatches(state: ScriptUserState | undefined, wanted: UserStatePatch): ScriptUserState | undefined {
  return state !== undefined && matches(state, wanted) ? state : undefined;
}

function ifConfirmed(response: GraphResponse, wanted: UserStatePatch, id?: string): ScriptUserState | undefined {
  return response.status === accepted ? undefined : ifMatches(readEntity(scriptUserState, response, id), wanted);
}

async function undefinedIfNotFound<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (requireCallError(error).reason === 'GRAPH_NOT_FOUND') return undefined;
    throw error;
  }
}
