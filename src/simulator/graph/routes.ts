import { randomUUID } from 'node:crypto';
import { conflict, graphError, resourceNotFound, routeNotImplemented } from './error-responses.js';
import { listPage } from './paging.js';
import { pathSegments, type SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';
import type { ScriptCollection, SimulatedScript, SimulatedTenant, SimulatedUserState } from './tenant.js';
import { parseUserStateBody, userStateDraft, userStatePatch, userStateType } from './user-state-body.js';

/** A valid write that is not applied yet. */
export interface PreparedWrite {
  /** The response of a Graph that ignores the write: the old values. */
  readonly unapplied: SimulatedResponse;
  /** Applies the write and returns its response. */
  apply(): SimulatedResponse | Promise<SimulatedResponse>;
}

/** The response to a read or to an invalid request, or a write to apply. */
export type RouteResult = SimulatedResponse | PreparedWrite;

/** The routes of the simulated Graph. */
export interface GraphRoutes {
  /** Reads from the tenant; changes nothing before the returned write is applied. */
  route(request: SimulatedRequest): RouteResult;
}

const scriptTypes = {
  deviceShellScripts: '#microsoft.graph.deviceShellScript',
  deviceManagementScripts: '#microsoft.graph.deviceManagementScript',
  deviceCustomAttributeShellScripts: '#microsoft.graph.deviceCustomAttributeShellScript',
} as const satisfies Record<ScriptCollection, string>;
const deviceStateType = '#microsoft.graph.deviceManagementScriptDeviceState';

/** Creates the routes for a tenant; absolute links start with `origin`. */
export function createGraphRoutes(tenant: SimulatedTenant, origin: string): GraphRoutes {
  return {
    route(request) {
      const [version, ...segments] = pathSegments(request) ?? ['beta'];
      if (version !== 'beta') return unsupportedVersion(request, version, segments);
      const [root, collection, scriptId = '', , stateId = ''] = segments;
      if (root !== 'deviceManagement' || !isScriptCollection(collection) || segments.includes('')) {
        return routeNotImplemented(request);
      }
      const scripts = tenant[collection];
      const script = scripts.get(scriptId);
      const state = script?.userStates.get(stateId);
      const scriptsContext = `${origin}/beta/$metadata#deviceManagement/${collection}`;
      const statesContext = `${scriptsContext}('${scriptId}')/userRunStates`;
      const toResponse = (status: number, entity: SimulatedUserState): SimulatedResponse =>
        jsonResponse(status, { '@odata.context': `${statesContext}/$entity`, ...userStateEntity(entity) });

      // Every second segment after the root is an id.
      const template = segments.slice(2).map((segment, index) => (index % 2 === 0 ? '{id}' : segment));
      switch (`${request.method} ${['scripts', ...template].join('/')}`) {
        case 'GET scripts': {
          const entities = [...scripts.values()].map((each) => scriptEntity(collection, each));
          return listPage(request, origin, scriptsContext, entities);
        }
        case 'GET scripts/{id}':
          if (script === undefined) return resourceNotFound(request);
          return jsonResponse(200, {
            '@odata.context': `${scriptsContext}/$entity`,
            ...scriptEntity(collection, script),
            scriptContent: script.content,
          });
        case 'GET scripts/{id}/userRunStates':
          if (script === undefined) return resourceNotFound(request);
          return listPage(request, origin, statesContext, [...script.userStates.values()].map(userStateEntity));
        case 'POST scripts/{id}/userRunStates':
          if (script === undefined) return resourceNotFound(request);
          return createUserState(request, scriptId, script, toResponse);
        case 'GET scripts/{id}/userRunStates/{id}':
          return state === undefined ? resourceNotFound(request) : toResponse(200, state);
        case 'PATCH scripts/{id}/userRunStates/{id}':
          if (script === undefined || state === undefined) return resourceNotFound(request);
          return updateUserState(request, script, state, toResponse);
        case 'DELETE scripts/{id}/userRunStates/{id}':
          if (script === undefined || state === undefined) return resourceNotFound(request);
          return deleteUserState(script, state);
        case 'GET scripts/{id}/userRunStates/{id}/deviceRunStates': {
          if (script === undefined || state === undefined) return resourceNotFound(request);
          const states = script.deviceStates.get(stateId) ?? [];
          const entities = states.map((each) => ({ '@odata.type': deviceStateType, ...each }));
          return listPage(request, origin, `${statesContext}('${stateId}')/deviceRunStates`, entities);
        }
        default:
          return routeNotImplemented(request);
      }
    },
  };
}

type ToResponse = (status: number, state: SimulatedUserState) => SimulatedResponse;

function createUserState(
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
  if (script.userStates.has(state.id)) return conflict(request);
  return storeUserState(script, state, toResponse(201, state), toResponse(201, state));
}

function updateUserState(
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

function storeUserState(
  script: SimulatedScript,
  state: SimulatedUserState,
  unapplied: SimulatedResponse,
  applied: SimulatedResponse,
): PreparedWrite {
  return {
    unapplied,
    apply() {
      script.userStates.set(state.id, state);
      return applied;
    },
  };
}

function deleteUserState(script: SimulatedScript, state: SimulatedUserState): PreparedWrite {
  const response: SimulatedResponse = { status: 204, headers: {} };
  return {
    unapplied: response,
    apply() {
      script.userStates.delete(state.id);
      script.deviceStates.delete(state.id);
      return response;
    },
  };
}

function jsonResponse(status: number, body: unknown): SimulatedResponse {
  return { status, headers: {}, body };
}

function userStateEntity(state: SimulatedUserState) {
  return { '@odata.type': userStateType, ...state };
}

function scriptEntity(collection: ScriptCollection, script: SimulatedScript) {
  return { '@odata.type': scriptTypes[collection], ...script.properties };
}

function isScriptCollection(name: string | undefined): name is ScriptCollection {
  return name !== undefined && Object.hasOwn(scriptTypes, name);
}

function unsupportedVersion(request: SimulatedRequest, version = '', segments: readonly string[]): SimulatedResponse {
  // v1.0 has `deviceManagement`, but none of these script collections.
  const message =
    version === 'v1.0'
      ? `Resource not found for the segment '${segments[1] ?? segments[0] ?? ''}'.`
      : `Invalid version: ${version}`;
  return graphError(request, 400, 'BadRequest', message);
}
