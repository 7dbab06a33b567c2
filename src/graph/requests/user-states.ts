import { CallError } from '../../errors.js';
import type { Deadline } from '../../scheduling/deadline.js';
import { readEntity, requireEntity, type ScriptUserState, scriptUserState } from '../entities.js';
import type { Approval, NewUserState, UserStatePatch } from '../graph.js';
import { type ScriptRef, type StateRef, userStatePath, userStatesPath } from '../routes.js';
import type { GraphRequest, GraphResponse } from '../wire/transport.js';
import { asCallError, type GraphClient } from './attempt.js';
import type { Pager } from './paging.js';
import type { Write } from './write-outcome.js';

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

/** Taken, but perhaps not applied yet, whatever the body says. */
const accepted = 202;

function shown(answer: GraphResponse, done: ReturnType<typeof whenShowing>): ScriptUserState | undefined {
  return answer.status === accepted ? undefined : done(readEntity(scriptUserState, answer));
}

/** Lets a state through that shows the wanted values. */
function whenShowing(wanted: UserStatePatch): (state: ScriptUserState | undefined) => ScriptUserState | undefined {
  return (state) => (state !== undefined && shows(state, wanted) ? state : undefined);
}

/** One user run state: reading it, and the three writes, each with how to tell what became of it. */
export function createUserStates(client: GraphClient, page: Pager, basePath: string) {
  const at = (target: StateRef) => basePath + userStatePath(target);
  const get = (path: string, deadline: Deadline) =>
    client.read({ method: 'GET', path }, (answer) => requireEntity(scriptUserState, answer), deadline);

  /** Without an id of its own a new state can't be told from one that was there: only that there is none like it. */
  async function noneLike(state: NewUserState, path: string, deadline: Deadline): Promise<undefined> {
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await page(path, scriptUserState, cursor, deadline);
      if (items.some((item) => shows(item, state))) throw new CallError('CONFLICT');
      cursor = nextCursor;
    } while (cursor !== undefined);
  }

  return {
    get: (target: StateRef, deadline: Deadline) => get(at(target), deadline),

    update(target: StateRef, patch: UserStatePatch, approval: Approval): Write<ScriptUserState> {
      const path = at(target);
      const done = whenShowing(patch);
      const request: GraphRequest = { method: 'PATCH', path, headers: approvalHeaders(approval), body: body(patch) };
      return {
        request,
        shownBy: (answer) => shown(answer, done),
        readBack: async (deadline) => done(await get(path, deadline)),
        nature: approval.justification !== undefined && approval.code === undefined ? 'queued' : 'absolute',
      };
    },

    create(script: ScriptRef, state: NewUserState): Write<ScriptUserState> {
      const path = userStatesPath(script);
      const done = whenShowing(state);
      const { id } = state;
      return {
        request: { method: 'POST', path: basePath + path, body: body(state) },
        shownBy: (answer) => shown(answer, done),
        readBack: async (deadline) => {
          if (id === undefined) return noneLike(state, path, deadline);
          return done(await unlessMissing(get(at({ ...script, userStateId: id }), deadline)));
        },
        nature: 'once',
      };
    },

    delete(target: StateRef): Write<{ readonly id: string }> {
      const path = at(target);
      const gone = { id: target.userStateId };
      return {
        request: { method: 'DELETE', path },
        shownBy: ({ status }) => (status === accepted ? undefined : gone),
        readBack: async (deadline) => ((await unlessMissing(get(path, deadline))) === undefined ? gone : undefined),
        nature: 'absolute',
      };
    },
  };
}

async function unlessMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (asCallError(error).reason === 'GRAPH_NOT_FOUND') return undefined;
    throw error;
  }
}
