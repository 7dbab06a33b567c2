import type { Approvals } from './approvals.js';
import { graphError } from './error-envelope.js';
import { resourceNotFound, routeNotImplemented } from './error-responses.js';
import { listOptions, listPage } from './paging.js';
import type { RouteResult } from './prepared-write.js';
import {
  type Entity,
  parseQueryOptions,
  type QueryOption,
  type QuerySettings,
  shapeEntities,
} from './query-options.js';
import { pathSegments, type SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';
import {
  deviceStateEntity,
  isScriptCollection,
  managedDeviceEntity,
  runSummaryEntity,
  scriptEntities,
  scriptEntity,
  userStateEntity,
} from './script-entities.js';
import {
  entityKey,
  type ScriptCollection,
  type SimulatedDeviceState,
  type SimulatedTenant,
  type SimulatedUserState,
} from './tenant.js';
import { createUserState, deleteUserState, updateUserState } from './user-state-writes.js';

/** The settings of the routes; changes apply immediately. */
interface RouteSettings extends QuerySettings {
  readonly repeatedEntities: number;
}

/** The routes of the simulated Graph. */
export interface GraphRoutes {
  /** Reads from the tenant; changes nothing before the returned write is applied. */
  route(request: SimulatedRequest): RouteResult;
}

/** Creates the routes for a tenant. */
export function createGraphRoutes(tenant: SimulatedTenant, settings: RouteSettings, approvals: Approvals): GraphRoutes {
  /** A list, with the options that its route accepts in addition to those of every list; a 404 without one. */
  function list(
    request: SimulatedRequest,
    resource: string,
    entities: readonly Entity[] | undefined,
    ...more: readonly QueryOption[]
  ): SimulatedResponse {
    if (entities === undefined) return resourceNotFound(request);
    const options = parseQueryOptions(request, [...listOptions, ...more], settings);
    if ('status' in options) return options;
    return listPage(request, context(request, resource), entities, options, settings);
  }

  /** One entity; a 404 without one. */
  function single(
    request: SimulatedRequest,
    resource: string,
    entity: Entity | null | undefined,
    ...more: readonly QueryOption[]
  ): SimulatedResponse {
    if (entity === null || entity === undefined) return resourceNotFound(request);
    const options = parseQueryOptions(request, ['$select', ...more], settings);
    if ('status' in options) return options;
    const shaped = shapeEntities(request, options, [entity]);
    if ('status' in shaped) return shaped;
    return entityResponse(request, 200, resource, shaped[0] ?? {});
  }

  function routeScript(
    request: SimulatedRequest,
    collection: ScriptCollection,
    segments: readonly string[],
  ): RouteResult {
    const [scriptId = '', , childId = '', , deviceStateId = ''] = segments;
    const resource = resourceName(collection, segments);
    // Every second segment is an id.
    const template = ['scripts', ...segments.map((segment, index) => (index % 2 === 0 ? '{id}' : segment))].join('/');
    if (template === 'scripts' && request.method === 'GET') {
      return list(request, resource, scriptEntities(collection, tenant));
    }

    const script = tenant[collection].get(entityKey(scriptId));
    const userState = script?.userStates.get(entityKey(childId));
    const scriptStates = () => [...(script?.deviceStates.values() ?? [])].flat();
    const userStates = () => script?.deviceStates.get(entityKey(childId)) ?? [];
    const singleState = (state: SimulatedDeviceState | undefined) =>
      single(request, resource, state && deviceStateEntity(state), '$expand');
    const singleDevice = (state: SimulatedDeviceState | undefined) =>
      single(request, resource, state && managedDeviceEntity(state));
    const toResponse = (status: number, state: SimulatedUserState) =>
      entityResponse(request, status, resource, userStateEntity(state));
    const missing = () => resourceNotFound(request);

    if (request.method !== 'GET') {
      const options = parseQueryOptions(request, [], settings);
      if ('status' in options) return options;
    }
    switch (`${request.method} ${template}`) {
      case 'GET scripts/{id}':
        return single(request, resource, script && scriptEntity(collection, script));
      case 'GET scripts/{id}/runSummary':
        return single(request, resource, script && runSummaryEntity(script));
      case 'GET scripts/{id}/userRunStates':
        return list(request, resource, script && [...script.userStates.values()].map(userStateEntity));
      case 'POST scripts/{id}/userRunStates':
        return script === undefined ? missing() : createUserState(request, scriptId, script, toResponse);
      case 'GET scripts/{id}/userRunStates/{id}':
        return single(request, resource, userState && userStateEntity(userState));
      case 'PATCH scripts/{id}/userRunStates/{id}':
        if (script === undefined || userState === undefined) return missing();
        return updateUserState(request, script, userState, toResponse);
      case 'DELETE scripts/{id}/userRunStates/{id}':
        return script === undefined || userState === undefined ? missing() : deleteUserState(script, userState);
      case 'GET scripts/{id}/deviceRunStates':
        return list(request, resource, script && scriptStates().map(deviceStateEntity), '$expand');
      case 'GET scripts/{id}/deviceRunStates/{id}':
        return singleState(findState(scriptStates(), childId));
      case 'GET scripts/{id}/deviceRunStates/{id}/managedDevice':
        return singleDevice(findState(scriptStates(), childId));
      case 'GET scripts/{id}/userRunStates/{id}/deviceRunStates':
        return list(request, resource, userState && userStates().map(deviceStateEntity), '$expand');
      case 'GET scripts/{id}/userRunStates/{id}/deviceRunStates/{id}':
        return singleState(findState(userStates(), deviceStateId));
      case 'GET scripts/{id}/userRunStates/{id}/deviceRunStates/{id}/managedDevice':
        return singleDevice(findState(userStates(), deviceStateId));
      default:
        return routeNotImplemented(request);
    }
  }

  return {
    route(request) {
      const [version, ...segments] = pathSegments(request) ?? ['beta'];
      if (version !== 'beta') return unsupportedVersion(request, version, segments);
      const [root, collection, ...rest] = segments;
      if (root !== 'deviceManagement' || segments.includes('')) return routeNotImplemented(request);
      if (isScriptCollection(collection)) return routeScript(request, collection, rest);
      if (collection === 'operationApprovalRequests' && rest.length === 0 && request.method === 'GET') {
        const found = approvals.find(request);
        return 'status' in found ? found : list(request, segments.join('/'), found, '$filter');
      }
      return routeNotImplemented(request);
    },
  };
}

function findState(states: readonly SimulatedDeviceState[], id: string): SimulatedDeviceState | undefined {
  return states.find((each) => entityKey(each.id) === entityKey(id));
}

/** The resource of a context: without the id of the entity itself. */
function resourceName(collection: ScriptCollection, segments: readonly string[]): string {
  const parents = segments.length % 2 === 0 ? segments : segments.slice(0, -1);
  const names = parents.map((segment, index) => (index % 2 === 0 ? `('${segment}')` : `/${segment}`));
  return `deviceManagement/${collection}${names.join('')}`;
}

function context({ origin }: SimulatedRequest, resource: string): string {
  return `${origin}/beta/$metadata#${resource}`;
}

function entityResponse(
  request: SimulatedRequest,
  status: number,
  resource: string,
  entity: Entity,
): SimulatedResponse {
  const body = { '@odata.context': `${context(request, resource)}/$entity`, ...entity };
  return { status, headers: {}, body };
}

function unsupportedVersion(request: SimulatedRequest, version = '', segments: readonly string[]): SimulatedResponse {
  // v1.0 has `deviceManagement`, but none of these script collections.
  const message =
    version === 'v1.0'
      ? `Resource not found for the segment '${segments[1] ?? segments[0] ?? ''}'.`
      : `Invalid version: ${version}`;
  return graphError(request, 400, 'BadRequest', message);
}
