import { graphError } from './error-envelope.js';
import { pathQuery, type SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';

/** A JSON object of Graph. */
export type Entity = Readonly<Record<string, unknown>>;

/** An OData query option that some route accepts. */
export type QueryOption = '$count' | '$expand' | '$filter' | '$select' | '$skiptoken' | '$top';

/** The settings that make the simulator reject an option. */
export interface QuerySettings {
  readonly acceptTop: boolean;
  readonly acceptExpand: boolean;
}

/** The query options of a request, by name. Their syntax is checked where they are used. */
export type QueryOptions = ReadonlyMap<QueryOption, string>;

/** The request's query options, or the 400 if one of them is not `supported`, is disabled or is repeated. */
export function parseQueryOptions(
  request: SimulatedRequest,
  supported: readonly QueryOption[],
  settings: QuerySettings,
): QueryOptions | SimulatedResponse {
  const enabled = supported.filter(
    (name) => (name !== '$top' || settings.acceptTop) && (name !== '$expand' || settings.acceptExpand),
  );
  const options = new Map<QueryOption, string>();
  for (const [name, value] of pathQuery(request)) {
    const option = enabled.find((each) => each === name);
    if (option === undefined) {
      const allowed = enabled.length === 0 ? 'none' : enabled.join(', ');
      return invalidQuery(request, `Query option '${name}' is not allowed. This request allows: ${allowed}.`);
    }
    if (options.has(option)) return invalidQuery(request, `Query option '${name}' must be specified only once.`);
    options.set(option, value);
  }
  return options;
}

/** 400: a query option is not valid. */
export function invalidQuery(request: SimulatedRequest, problem: string): SimulatedResponse {
  return graphError(request, 400, 'BadRequest', `The query specified in the URI is not valid. ${problem}`);
}

const expandPattern = /^managedDevice(?:\(\$select=([^()]*)\))?$/;

/**
 * Returns the entities as `$select` and `$expand` require, or the 400 if one of them is not valid. The navigation
 * property `managedDevice` is left out unless it is expanded.
 */
export function shapeEntities(
  request: SimulatedRequest,
  options: QueryOptions,
  entities: readonly Entity[],
): readonly Entity[] | SimulatedResponse {
  const select = options
    .get('$select')
    ?.split(',')
    .map((name) => name.trim());
  const expand = options.get('$expand');
  const expansion = expand === undefined ? undefined : expandPattern.exec(expand);
  if (expansion === null) {
    return invalidQuery(request, `$expand must be managedDevice or managedDevice($select=…), not '${expand}'.`);
  }
  const deviceSelect = expansion?.[1]?.split(',').map((name) => name.trim());
  const unknown = entities.flatMap(({ managedDevice, ...entity }) => [
    ...unknownNames(entity, select),
    ...(isEntity(managedDevice) ? unknownNames(managedDevice, deviceSelect) : []),
  ])[0];
  if (unknown !== undefined) return invalidQuery(request, `Could not find a property named '${unknown}'.`);
  return entities.map(({ managedDevice, ...entity }) => ({
    ...selectProperties(entity, select),
    ...(expansion !== undefined && {
      managedDevice: isEntity(managedDevice) ? selectProperties(managedDevice, deviceSelect) : null,
    }),
  }));
}

/** Annotations such as `@odata.type` are always in the result. */
function selectProperties(entity: Entity, names: readonly string[] | undefined): Entity {
  if (names === undefined) return entity;
  return Object.fromEntries(Object.entries(entity).filter(([name]) => name.startsWith('@') || names.includes(name)));
}

function unknownNames(entity: Entity, names: readonly string[] = []): readonly string[] {
  return names.filter((name) => !Object.hasOwn(entity, name));
}

function isEntity(value: unknown): value is Entity {
  return typeof value === 'object' && value !== null;
}
