import { CallError, requireCallError } from '../../errors.js';
import type { ScriptUserState } from '../../script-user-state.js';
import { hasId, parseEntity, requireEntity, scriptUserState } from '../entities.js';
import type {
  Approval,
  ChangeOptions,
  ExpectedUserState,
  NewUserState,
  UpdateMode,
  UserStateValues,
  WriteOptions,
} from '../graph.js';
import { idPattern, type ScriptRef, type StateRef } from '../ids.js';
import { userStatePath, userStatesPath } from '../paths.js';
import { parseErrorBody } from '../wire/error-body.js';
import type { GraphResponse } from '../wire/transport.js';
import type { CallContext } from './call-context.js';
import type { PagePosition } from './cursor.js';
import type { GraphClient } from './graph-client.js';
import { userStates } from './list.js';
import type { Pager } from './pager.js';
import type { Precondition, Write, WriteResponse } from './writer.js';

const odataType = '#microsoft.graph.deviceManagementScriptUserState';

/** The read of a user run state, and its three writes with the verification of their outcome. */
export interface UserStates {
  get(target: StateRef, context: CallContext): Promise<ScriptUserState>;
  update(
    target: StateRef,
    patch: UserStateValues,
    options: Pick<ChangeOptions, 'approval' | 'expected'> & UpdateMode,
  ): Write<ScriptUserState>;
  create(script: ScriptRef, state: NewUserState, options: Pick<WriteOptions, 'approval'>): Write<ScriptUserState>;
  delete(target: StateRef, options: Pick<ChangeOptions, 'approval' | 'expected'>): Write<{ readonly id: string }>;
}

/** @param basePath of Graph, with the version and a slash at its end */
export function createUserStates(client: GraphClient, readPage: Pager, basePath: string): UserStates {
  const pathOf = (target: StateRef) => basePath + userStatePath(target);
  const read = (target: StateRef, context: CallContext) =>
    client.read(
      pathOf(target),
      (response) => ({ state: requireEntity(scriptUserState, response, target.userStateId), graph: response.ids }),
      context,
    );
  const get = async (target: StateRef, context: CallContext) => (await read(target, context)).state;

  const preconditionOf = (target: StateRef, expected: ExpectedUserState): Precondition => ({
    read: (context) => read(target, context),
    isMet: (state) => matches(state, expected),
  });

  /** Without an id, a new state cannot be distinguished from an earlier one with equal values. */
  async function assertNoEqualState(script: ScriptRef, state: NewUserState, context: CallContext): Promise<void> {
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

    update(target, patch, { approval, expected, readFirst, interrupted }) {
      return {
        request: {
          method: 'PATCH',
          path: pathOf(target),
          headers: approvalHeaders(approval),
          body: entityBody(patch),
        },
        isIdempotent: true,
        mayQueueApproval: approval?.justification !== undefined,
        precondition: readFirst
          ? {
              read: (context) => read(target, context),
              isMet: (state, before) => matches(state, before ?? expected ?? {}),
              resultIfApplied: (state) => (matches(state, patch) ? state : undefined),
            }
          : expected && preconditionOf(target, expected),
        interrupted,
        parse: (response) => parseWriteResponse(response, target.userStateId, patch),
        async verify(context) {
          const current = await get(target, context);
          return matches(current, patch) ? { value: current } : { current };
        },
      };
    },

    create(script, state, { approval }) {
      return {
        request: {
          method: 'POST',
          path: basePath + userStatesPath(script),
          headers: approvalHeaders(approval),
          body: entityBody(state),
        },
        isIdempotent: false,
        mayQueueApproval: approval?.justification !== undefined,
        parse: (response) => parseWriteResponse(response, state.id, state),
        async verify(context, shown) {
          const userStateId = state.id ?? shown?.id;
          // Graph may choose an id that cannot be requested.
          if (userStateId === undefined || !idPattern.test(userStateId)) {
            await assertNoEqualState(script, state, context);
            return { current: shown };
          }
          const found = await undefinedIfNotFound(get({ ...script, userStateId }, context));
          return found !== undefined && matches(found, state) ? { value: found } : { current: found ?? shown };
        },
      };
    },

    delete(target, { approval, expected }) {
      const value = { id: target.userStateId };
      return {
        request: { method: 'DELETE', path: pathOf(target), headers: approvalHeaders(approval) },
        isIdempotent: true,
        mayQueueApproval: approval?.justification !== undefined,
        precondition: expected && preconditionOf(target, expected),
        parse(response) {
          // An error is no success, whatever its status.
          if (parseErrorBody(response.text).codes.length > 0) return 'no-evidence';
          const parsed = parseWriteResponse(response, target.userStateId, {});
          return parsed === 'no-evidence' || 'shown' in parsed ? parsed : { shown: parsed.value };
        },
        impliedBySuccess: value,
        async verify(context) {
          const current = await undefinedIfNotFound(get(target, context));
          return current === undefined ? { value } : { current };
        },
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

/** Whether a state has all the given values. Entra compares names without regard to case, and may store another one. */
function matches(state: ScriptUserState, values: ExpectedUserState): boolean {
  const { successDeviceCount, errorDeviceCount, userPrincipalName: name } = values;
  return (
    (successDeviceCount === undefined || successDeviceCount === state.successDeviceCount) &&
    (errorDeviceCount === undefined || errorDeviceCount === state.errorDeviceCount) &&
    (name === undefined || name?.toLowerCase() === state.userPrincipalName?.toLowerCase())
  );
}

/** @param id of the state that was written to; `undefined` if Graph has chosen it */
function parseWriteResponse(
  response: GraphResponse,
  id: string | undefined,
  wanted: UserStateValues,
): WriteResponse<ScriptUserState> {
  const shown = parseEntity(scriptUserState, response);
  if (shown === undefined) return response.isFromGraph ? { shown } : 'no-evidence';
  if (id !== undefined && !hasId(shown, id)) return 'no-evidence';
  return matches(shown, wanted) ? { value: shown } : { shown };
}

/** The result of a read; `undefined` if Graph has no such entity. */
export async function undefinedIfNotFound<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (requireCallError(error).reason === 'GRAPH_NOT_FOUND') return undefined;
    throw error;
  }
}
