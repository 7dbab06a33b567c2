import { randomUUID } from 'node:crypto';
import { type Answer, conflict, errorAnswer, notFound, routeNotImplemented } from './answers.js';
import { page } from './paging.js';
import { type GraphRequest, pathSegments } from './request.js';
import type { Collection, Script, Tenant, UserState } from './tenant.js';
import { readBody, userStateDraft, userStatePatch, userStateType } from './user-state-body.js';

/** A write that Graph would accept, still to be applied. */
export interface Write {
  /** What a Graph that ignores the write would answer: the old values. */
  readonly unapplied: Answer;
  /** Applies the write and gives its answer. */
  apply(): Answer | Promise<Answer>;
}

/** What the simulated Graph makes of a request: the answer to a read, a refusal, or a write to apply. */
export type Outcome = Answer | Write;

/** The routes of the simulated Graph: changes nothing before a write is applied. */
export interface Graph {
  plan(request: GraphRequest): Outcome;
}

const scriptTypes = {
  deviceShellScripts: '#microsoft.graph.deviceShellScript',
  deviceManagementScripts: '#microsoft.graph.deviceManagementScript',
  deviceCustomAttributeShellScripts: '#microsoft.graph.deviceCustomAttributeShellScript',
} as const satisfies Record<Collection, string>;
const deviceStateType = '#microsoft.graph.deviceManagementScriptDeviceState';

/** Joins the routes with a tenant; `origin` begins the absolute links. */
export function createGraph(tenant: Tenant, origin: string): Graph {
  return {
    plan(request) {
      const [version, ...segments] = pathSegments(request) ?? ['beta'];
      if (version !== 'beta') return wrongVersion(request, version, segments);
      const [root, collection, scriptId = '', , stateId = ''] = segments;
      if (root !== 'deviceManagement' || !isCollection(collection) || segments.includes('')) {
        return routeNotImplemented(request);
      }
      const scripts = tenant[collection];
      const script = scripts.get(scriptId);
      const state = script?.userStates.get(stateId);
      const base = `${origin}/beta/$metadata#deviceManagement/${collection}`;
      const statesContext = `${base}('${scriptId}')/userRunStates`;
      const one = (status: number, entity: UserState): Answer =>
        ok(status, { '@odata.context': `${statesContext}/$entity`, ...userStateEntity(entity) });

      // Every second segment after the root is a key.
      const shape = segments.slice(2).map((segment, index) => (index % 2 === 0 ? '{id}' : segment));
      switch (`${request.method} ${['scripts', ...shape].join('/')}`) {
        case 'GET scripts':
          return page(
            request,
            origin,
            base,
            [...scripts.values()].map((each) => scriptEntity(collection, each)),
          );
        case 'GET scripts/{id}':
          if (script === undefined) return notFound(request);
          return ok(200, {
            '@odata.context': `${base}/$entity`,
            ...scriptEntity(collection, script),
            scriptContent: script.content,
          });
        case 'GET scripts/{id}/userRunStates':
          if (script === undefined) return notFound(request);
          return page(request, origin, statesContext, [...script.userStates.values()].map(userStateEntity));
        case 'POST scripts/{id}/userRunStates':
          return script === undefined ? notFound(request) : create(request, scriptId, script, one);
        case 'GET scripts/{id}/userRunStates/{id}':
          return state === undefined ? notFound(request) : one(200, state);
        case 'PATCH scripts/{id}/userRunStates/{id}':
          return script === undefined || state === undefined ? notFound(request) : update(request, script, state, one);
        case 'DELETE scripts/{id}/userRunStates/{id}':
          return script === undefined || state === undefined ? notFound(request) : remove(script, state);
        case 'GET scripts/{id}/userRunStates/{id}/deviceRunStates':
          if (script === undefined || state === undefined) return notFound(request);
          return page(
            request,
            origin,
            `${statesContext}('${stateId}')/deviceRunStates`,
            (script.deviceStates.get(stateId) ?? []).map((each) => ({ '@odata.type': deviceStateType, ...each })),
          );
        default:
          return routeNotImplemented(request);
      }
    },
  };
}

type Show = (status: number, entity: UserState) => Answer;

function create(request: GraphRequest, scriptId: string, script: Script, show: Show): Outcome {
  const body = readBody(request, userStateDraft);
  if ('status' in body) return body;
  const { '@odata.type': _, ...draft } = body.value;
  const state: UserState = {
    id: `${scriptId}:${randomUUID()}`,
    successDeviceCount: 0,
    errorDeviceCount: 0,
    userPrincipalName: null,
    pendingDeviceCount: 0,
    ...draft,
  };
  if (script.userStates.has(state.id)) return conflict(request);
  return store(script, state, show(201, state), show(201, state));
}

function update(request: GraphRequest, script: Script, before: UserState, show: Show): Outcome {
  const body = readBody(request, userStatePatch);
  if ('status' in body) return body;
  const { '@odata.type': _, ...patch } = body.value;
  const state: UserState = { ...before, ...patch };
  return store(script, state, show(200, before), show(200, state));
}

function store(script: Script, state: UserState, unapplied: Answer, applied: Answer): Write {
  return {
    unapplied,
    apply() {
      script.userStates.set(state.id, state);
      return applied;
    },
  };
}

function remove(script: Script, state: UserState): Write {
  const answer: Answer = { status: 204, headers: {} };
  return {
    unapplied: answer,
    apply() {
      script.userStates.delete(state.id);
      script.deviceStates.delete(state.id);
      return answer;
    },
  };
}

function ok(status: number, body: unknown): Answer {
  return { status, headers: {}, body };
}

function userStateEntity(state: UserState) {
  return { '@odata.type': userStateType, ...state };
}

function scriptEntity(collection: Collection, script: Script) {
  return { '@odata.type': scriptTypes[collection], ...script.properties };
}

function isCollection(name: string | undefined): name is Collection {
  return name !== undefined && Object.hasOwn(scriptTypes, name);
}

function wrongVersion(request: GraphRequest, version = '', segments: readonly string[]): Answer {
  // v1.0 knows `deviceManagement`, but none of these scripts.
  const message =
    version === 'v1.0'
      ? `Resource not found for the segment '${segments[1] ?? segments[0] ?? ''}'.`
      : `Invalid version: ${version}`;
  return errorAnswer(request, 400, 'BadRequest', message);
}
