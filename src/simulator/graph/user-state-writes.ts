import { randomUUID } from 'node:crypto';
import { conflict } from './error-responses.js';
import type { PreparedWrite, RouteResult } from './prepared-write.js';
import type { SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';
import { entityKey, type SimulatedScript, type SimulatedUserState } from './tenant.js';
import { parseUserStateBody, userStateDraft, userStatePatch } from './user-state-body.js';

type ToResponse = (status: number, state: SimulatedUserState) => SimulatedResponse;

/** Prepares the creation of a user state. */
export function createUserState(
  request: SimulatedRequest,
  scriptId: string,
  script: SimulatedScript,
  toResponse: ToResponse,
): RouteResult {
  const body = parseUserStateBody(request, userStateDraft);
  if ('status' in body) return body;
  const { '@odata.type': _, ...draft } = body.value;
  const state: SimulatedUserState = {
    id: `${scriptId}:${randomUUID()}`,
    successDeviceCount: 0,
    errorDeviceCount: 0,
    userPrincipalName: null,
    pendingDeviceCount: 0,
    ...draft,
  };
  if (script.userStates.has(entityKey(state.id))) return conflict(request);
  return storeUserState(script, state, toResponse(201, state), toResponse(201, state));
}

/** Prepares an update of the user state `before`. */
export function updateUserState(
  request: SimulatedRequest,
  script: SimulatedScript,
  before: SimulatedUserState,
  toResponse: ToResponse,
): RouteResult {
  const body = parseUserStateBody(request, userStatePatch);
  if ('status' in body) return body;
  const { '@odata.type': _, ...patch } = body.value;
  const state: SimulatedUserState = { ...before, ...patch };
  return storeUserState(script, state, toResponse(200, before), toResponse(200, state));
}

/** Prepares the deletion of a user state. */
export function deleteUserState(script: SimulatedScript, state: SimulatedUserState): PreparedWrite {
  const response: SimulatedResponse = { status: 204, headers: {} };
  return {
    unapplied: response,
    apply() {
      script.userStates.delete(entityKey(state.id));
      script.deviceStates.delete(entityKey(state.id));
      return response;
    },
  };
}

function storeUserState(
  script: SimulatedScript,
  state: SimulatedUserState,
  unapplied: SimulatedResponse,
  applied: SimulatedResponse,
): PreparedWrite {
  return {
    unapplied,
    apply() {
      script.userStates.set(entityKey(state.id), state);
      return applied;
    },
  };
}
