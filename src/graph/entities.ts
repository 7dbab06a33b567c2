import { z } from 'zod';
import { CallError } from '../errors.js';
import type { ScriptUserState } from '../script-user-state.js';
import { parseJson } from './wire/json.js';
import type { GraphResponse } from './wire/transport.js';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const count = z.int().min(-2_147_483_648).max(2_147_483_647);

/** The part of `microsoft.graph.deviceManagementScriptUserState` that this service guarantees. */
export const scriptUserState = z.object({
  id: z.string().min(1),
  successDeviceCount: count,
  errorDeviceCount: count,
  userPrincipalName: text,
}) satisfies z.ZodType<ScriptUserState>;

/** `microsoft.graph.deviceManagementScriptDeviceState`. `runState` is in camel case; unknown values are accepted. */
export const deviceRunState = z.object({
  id: z.string().min(1),
  runState: text.transform((state) => (state === null ? null : state.charAt(0).toLowerCase() + state.slice(1))),
  resultMessage: text,
  lastStateUpdateDateTime: text,
  errorCode: count.nullish().transform((value) => value ?? null),
  errorDescription: text,
});

/** How a script ran on one device. */
export type DeviceRunState = z.output<typeof deviceRunState>;

/** The properties that the three kinds of script share. */
export const script = z.object({
  id: z.string().min(1),
  displayName: text,
  description: text,
  fileName: text,
  runAsAccount: text,
  lastModifiedDateTime: text,
});

/** A script, without its content. */
export type ScriptSummary = z.output<typeof script>;

interface Entity {
  readonly id: string;
}

/**
 * Reads an entity, bare or wrapped in `value` as in the documentation's examples.
 *
 * @param expectedId the id that was requested, if there is one. Ids are compared without regard to case
 * @returns `undefined` if the response contains no such entity, or one with another id
 */
export function readEntity<T extends Entity>(
  schema: z.ZodType<T>,
  response: GraphResponse,
  expectedId?: string,
): T | undefined {
  const body = parseJson(response.text);
  const bare = schema.safeParse(body);
  const entity = bare.success ? bare.data : z.object({ value: schema }).safeParse(body).data?.value;
  return expectedId === undefined || entity?.id.toLowerCase() === expectedId.toLowerCase() ? entity : undefined;
}

/**
 * Reads an entity as {@link readEntity} does.
 *
 * @throws {CallError} `GRAPH_PROTOCOL` if there is none
 */
export function requireEntity<T extends Entity>(schema: z.ZodType<T>, response: GraphResponse, expectedId?: string): T {
  const entity = readEntity(schema, response, expectedId);
  if (entity === undefined) throw protocolError(response);
  return entity;
}

/**
 * Reads one page of a collection.
 *
 * @throws {CallError} `GRAPH_PROTOCOL` if the response is not such a page
 */
export function requirePage<T>(
  schema: z.ZodType<T>,
  response: GraphResponse,
): { items: T[]; nextLink?: string | undefined } {
  const page = z
    .object({ value: z.array(schema), '@odata.nextLink': z.string().nullish() })
    .safeParse(parseJson(response.text));
  if (!page.success) throw protocolError(response);
  return { items: page.data.value, nextLink: page.data['@odata.nextLink'] ?? undefined };
}

/** The error for a response that is not in Graph's documented form. */
export function protocolError(response: GraphResponse): CallError {
  return new CallError('GRAPH_PROTOCOL', { graph: response.ids, status: response.status });
}
