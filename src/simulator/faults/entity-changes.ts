import type { SimulatedRequest } from '../graph/request.js';
import type { SimulatedResponse } from '../graph/response.js';

type JsonObject = Readonly<Record<string, unknown>>;

// No user of the tenant has more devices.
const largestCount = 3;
const otherId = '00000000-0000-4000-8000-0000000000ff';

/** Changes the entity of a response, or every entity of a list. */
export function changeEntities(
  original: SimulatedResponse,
  change: (entity: JsonObject) => JsonObject,
): SimulatedResponse {
  const { body } = original;
  if (isList(body)) return { ...original, body: { ...body, value: body.value.map((each) => changeIf(each, change)) } };
  return isEntity(body) ? { ...original, body: change(body) } : original;
}

/** Replaces the first entry of a list; has no effect on other responses. */
export function replaceFirstEntry(
  original: SimulatedResponse,
  replace: (entry: JsonObject) => readonly unknown[],
): SimulatedResponse {
  const { body } = original;
  if (!isList(body)) return original;
  const [first, ...rest] = body.value;
  return isEntity(first) ? { ...original, body: { ...body, value: [...replace(first), ...rest] } } : original;
}

/** Sets the link of a list; has no effect on other responses. */
export function withNextLink(original: SimulatedResponse, nextLink: string): SimulatedResponse {
  return isList(original.body) ? { ...original, body: { ...original.body, '@odata.nextLink': nextLink } } : original;
}

/** Removes the properties that every client needs, such as the counts of a user state. */
export function withoutRequiredProperties(entity: JsonObject): JsonObject {
  const { successDeviceCount: _s, errorDeviceCount: _e, runState: _r, displayName: _d, ...rest } = entity;
  return rest;
}

/** Sets the counts of a user state to null. */
export function withNullCounts(entity: JsonObject): JsonObject {
  return { ...entity, successDeviceCount: null, errorDeviceCount: null };
}

/** Changes the id to that of no entity. */
export function withOtherId(entity: JsonObject): JsonObject {
  return { ...entity, id: otherId };
}

/** Changes the id to capitals. */
export function withUpperCaseId(entity: JsonObject): JsonObject {
  return { ...entity, id: String(entity['id']).toUpperCase() };
}

/** The request with counts of at most 3. */
export function withClampedCounts(request: SimulatedRequest): SimulatedRequest {
  return changeValues(request, (name, value) =>
    name.endsWith('Count') && typeof value === 'number' ? Math.min(value, largestCount) : value,
  );
}

/** The request with the name in lower case. */
export function withLowerCaseName(request: SimulatedRequest): SimulatedRequest {
  return changeValues(request, (name, value) =>
    name === 'userPrincipalName' && typeof value === 'string' ? value.toLowerCase() : value,
  );
}

/** Whether the body is one entity. */
export function isEntity(body: unknown): body is JsonObject {
  return typeof body === 'object' && body !== null && 'id' in body;
}

function isList(body: unknown): body is { readonly value: readonly unknown[] } {
  return typeof body === 'object' && body !== null && 'value' in body && Array.isArray(body.value);
}

function changeIf(entry: unknown, change: (entity: JsonObject) => JsonObject): unknown {
  return isEntity(entry) ? change(entry) : entry;
}

function changeValues(request: SimulatedRequest, change: (name: string, value: unknown) => unknown): SimulatedRequest {
  try {
    return { ...request, body: JSON.stringify(JSON.parse(request.body, change)) };
  } catch {
    return request;
  }
}
