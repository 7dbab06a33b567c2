import { z } from 'zod';
import { CallError } from '../errors.js';
import type { GraphResponse } from './wire/transport.js';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const count = z.int().min(-2_147_483_648).max(2_147_483_647);

/** `microsoft.graph.deviceManagementScriptUserState`, as much of it as this service vouches for. */
export const scriptUserState = z.object({
  id: z.string().min(1),
  successDeviceCount: count,
  errorDeviceCount: count,
  userPrincipalName: text,
});

/** On how many of a person's devices a script succeeded or failed. */
export type ScriptUserState = z.output<typeof scriptUserState>;

/** `microsoft.graph.deviceManagementScriptDeviceState`. `runState` is written in small camel case, new values pass. */
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

/** What the three kinds of script have in common. */
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

function parseJson(answer: GraphResponse): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}

/** Reads an entity, bare or wrapped in `value` as in the documentation's examples; `undefined` when it is neither. */
export function readEntity<T>(schema: z.ZodType<T>, answer: GraphResponse): T | undefined {
  const body = parseJson(answer);
  const bare = schema.safeParse(body);
  if (bare.success) return bare.data;
  return z.object({ value: schema }).safeParse(body).data?.value;
}

/** @throws {CallError} `GRAPH_PROTOCOL` when the answer holds no such entity */
export function requireEntity<T>(schema: z.ZodType<T>, answer: GraphResponse): T {
  const entity = readEntity(schema, answer);
  if (entity === undefined) throw protocolError(answer);
  return entity;
}

/**
 * Reads one page of a collection.
 *
 * @throws {CallError} `GRAPH_PROTOCOL` when the answer is no such page
 */
export function requirePage<T>(
  schema: z.ZodType<T>,
  answer: GraphResponse,
): { items: T[]; nextLink?: string | undefined } {
  const page = z
    .object({ value: z.array(schema), '@odata.nextLink': z.string().nullish() })
    .safeParse(parseJson(answer));
  if (!page.success) throw protocolError(answer);
  return { items: page.data.value, nextLink: page.data['@odata.nextLink'] ?? undefined };
}

/** An answer that is not what Graph promises. */
export function protocolError(answer: GraphResponse): CallError {
  return new CallError('GRAPH_PROTOCOL', { graph: answer.ids, status: answer.status });
}
