import type { GraphClient } from './client.js';
import { asGraphError } from './client.js';
import type { Deadline } from './deadline.js';
import { readEntity, requireEntity, type ScriptUserState, scriptUserState } from './entities.js';
import type { Approval, NewUserState, UserStatePatch } from './graph.js';
import { type Script, type Target, userStatePath, userStatesPath } from './routes.js';
import type { Answer, WireRequest } from './transport.js';
import type { Write } from './write.js';

const odataType = '#microsoft.graph.deviceManagementScriptUserState';

function body(fields: object): string {
  return JSON.stringify({ '@odata.type': odataType, ...fields });
}

function approvalHeaders({ justification, code }: Approval): Record<string, string> {
  return {
    ...(justification !== undefined && {
      'x-msft-approval-justification': Buffer.from(justification, 'utf8').toString('base64'),
    }),
    ...(code !== undefined && { 'x-msft-approval-code': code }),
  };
}

function shows(state: ScriptUserState, wanted: UserStatePatch): boolean {
  return (
    (wanted.successDeviceCount === undefined || wanted.successDeviceCount === state.successDeviceCount) &&
    (wanted.errorDeviceCount === undefined || wanted.errorDeviceCount === state.errorDeviceCount) &&
    (wanted.userPrincipalName === undefined || wanted.userPrincipalName === state.userPrincipalName)
  );
}

/** Lets a state through that shows the wanted values. */
function whenShowing(wanted: UserStatePatch): (state: ScriptUserState | undefined) => ScriptUserState | undefined {
  return (state) => (state !== undefined && shows(state, wanted) ? state : undefined);
}

/** The three writes on user run states, each with how to tell what became of it. */
export function createUserStateWrites(client: GraphClient, baseUrl: URL) {
  const at = (target: Target) => new URL(userStatePath(target), baseUrl);
  const get = (url: URL, deadline: Deadline) =>
    client.read({ method: 'GET', url }, (answer) => requireEntity(scriptUserState, answer), deadline);

  return {
    update(target: Target, patch: UserStatePatch, approval: Approval): Write<ScriptUserState> {
      const url = at(target);
      const done = whenShowing(patch);
      const request: WireRequest = { method: 'PATCH', url, headers: approvalHeaders(approval), body: body(patch) };
      return {
        request,
        shownBy: (answer: Answer) => done(readEntity(scriptUserState, answer)),
        readBack: async (deadline) => done(await get(url, deadline)),
        repeatLater: true,
        // A change that was perhaps queued for approval must not be queued a second time.
        repeatUnapplied: approval.justification === undefined || approval.code !== undefined,
      };
    },

    create(script: Script, state: NewUserState): Write<ScriptUserState> {
      const done = whenShowing(state);
      const { id } = state;
      return {
        request: { method: 'POST', url: new URL(userStatesPath(script), baseUrl), body: body(state) },
        shownBy: (answer) => done(readEntity(scriptUserState, answer)),
        ...(id !== undefined && {
          readBack: async (deadline) => done(await unlessMissing(get(at({ ...script, userStateId: id }), deadline))),
        }),
        repeatLater: false,
        repeatUnapplied: false,
      };
    },

    delete(target: Target): Write<{ readonly id: string }> {
      const url = at(target);
      const gone = { id: target.userStateId };
      return {
        request: { method: 'DELETE', url },
        shownBy: () => gone,
        readBack: async (deadline) => ((await unlessMissing(get(url, deadline))) === undefined ? gone : undefined),
        repeatLater: true,
        repeatUnapplied: true,
      };
    },
  };
}

async function unlessMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (asGraphError(error).reason === 'GRAPH_NOT_FOUND') return undefined;
    throw error;
  }
}
