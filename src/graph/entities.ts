import { z } from 'zod';
import { CallError } from '../errors.js';
import type { ScriptUserState } from '../script-user-state.js';
import type { ScriptKind } from './ids.js';
import { parseJson } from './wire/json.js';
import type { GraphResponse } from './wire/transport.js';

/** The maximum length of a text that is only displayed, in UTF-16 code units. Longer ones are truncated, with `…`. */
const maxTextLength = 2_000;

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

/**
 * A text that is only displayed, never compared or sent back. A script can print megabytes, and browsers need minutes
 * to lay out hundreds of such texts.
 */
const displayText = text.transform((value) =>
  value === null || value.length <= maxTextLength
    ? value
    : `${value.slice(0, maxTextLength - 1).replace(/[\uD800-\uDBFF]$/, '')}…`,
);
const count = z.int().min(-2_147_483_648).max(2_147_483_647);

/** The part of `microsoft.graph.deviceManagementScriptUserState` that this service guarantees. */
export const scriptUserState = z.object({
  id: z.string().min(1),
  successDeviceCount: count,
  errorDeviceCount: count,
  userPrincipalName: text,
}) satisfies z.ZodType<ScriptUserState>;

/** A device. Each field is `null` if Graph has no value. */
export interface Device {
  id: string;
  deviceName: string | null;
  operatingSystem: string | null;
  osVersion: string | null;
  /** The last check-in (ISO 8601). */
  lastSyncDateTime: string | null;
  /** The id of the device's primary user. */
  userId: string | null;
  /** The name of the device's primary user. */
  userPrincipalName: string | null;
}

/** The part of `microsoft.graph.managedDevice` that is requested. */
const managedDevice = z.object({
  id: z.string().min(1),
  deviceName: displayText,
  operatingSystem: displayText,
  osVersion: displayText,
  lastSyncDateTime: displayText,
  userId: displayText,
  userPrincipalName: displayText,
}) satisfies z.ZodType<Device>;

const deviceState = z.object({
  id: z.string().min(1),
  runState: displayText.transform((state) => (state === null ? null : state.charAt(0).toLowerCase() + state.slice(1))),
  resultMessage: displayText,
  lastStateUpdateDateTime: displayText,
  errorCode: count.nullish().transform((value) => value ?? null),
  errorDescription: displayText,
  managedDevice: managedDevice.nullish().catch(null),
});

/** How a script ran on one device. Each field is `null` if Graph has no value. */
export interface DeviceRunState {
  id: string;
  /** Such as `success`, `fail` or `pending`. Graph can add values. */
  runState: string | null;
  /** What the script printed, at most 2,000 characters. */
  resultMessage: string | null;
  /** When the state was last updated (ISO 8601). */
  lastStateUpdateDateTime: string | null;
  /** The error code that Intune reports. */
  errorCode: number | null;
  /** The description of the error, at most 2,000 characters. */
  errorDescription: string | null;
  /** The device, if Graph sends it. */
  device: Device | null;
}

/** `microsoft.graph.deviceManagementScriptDeviceState`. `runState` is in camel case; unknown values are accepted. */
export const deviceRunState = deviceState.transform(({ managedDevice: device, ...state }) => ({
  ...state,
  device: device ?? null,
})) satisfies z.ZodType<DeviceRunState>;

/** A script, without its content. Each field is `null` if Graph has no value. */
export interface ScriptSummary {
  id: string;
  displayName: string | null;
  description: string | null;
  fileName: string | null;
  /** `system` or `user`; `null` for a custom attribute. */
  runAsAccount: string | null;
  /** When the script was last changed (ISO 8601). */
  lastModifiedDateTime: string | null;
}

/** The properties that the three kinds of script share. */
export const script = z.object({
  id: z.string().min(1),
  displayName: displayText,
  description: displayText,
  fileName: displayText,
  runAsAccount: displayText,
  lastModifiedDateTime: displayText,
}) satisfies z.ZodType<ScriptSummary>;

/** On how many devices and for how many people a script succeeded or failed. */
export interface RunSummary {
  successDeviceCount: number;
  errorDeviceCount: number;
  successUserCount: number;
  errorUserCount: number;
}

/** `microsoft.graph.deviceManagementScriptRunSummary`. */
export const runSummary = z.object({
  successDeviceCount: count,
  errorDeviceCount: count,
  successUserCount: count,
  errorUserCount: count,
}) satisfies z.ZodType<RunSummary>;

/** A script with the summary of its runs, `null` where Graph has none. */
export interface ScriptOverview extends ScriptSummary {
  readonly summary: RunSummary | null;
}

/** A person's state for one of many scripts. */
export interface UserStateOfScript extends ScriptUserState {
  readonly scriptKind: ScriptKind;
  readonly scriptId: string;
  readonly scriptName: string | null;
}

interface Entity {
  readonly id: string;
}

/**
 * Reads an entity, or another object, bare or wrapped in `value` as in the documentation's examples.
 *
 * @returns `undefined` if the response contains no such object
 */
export function parseEntity<T>(schema: z.ZodType<T>, response: GraphResponse): T | undefined {
  const body = parseJson(response.text);
  const bare = schema.safeParse(body);
  return bare.success ? bare.data : z.object({ value: schema }).safeParse(body).data?.value;
}

/** Whether an entity has an id. The ids are GUIDs, which are compared without regard to case. */
export const hasId = (entity: Entity, id: string): boolean => entity.id.toLowerCase() === id.toLowerCase();

/** Reads the entity with an id. @throws {CallError} `GRAPH_PROTOCOL` if the response does not contain it */
export function requireEntity<T extends Entity>(schema: z.ZodType<T>, response: GraphResponse, id: string): T {
  const entity = parseEntity(schema, response);
  if (entity === undefined || !hasId(entity, id)) throw protocolError(response);
  return entity;
}

/** One page of a collection, as Graph sent it. */
export interface EntityPage<T> {
  readonly items: readonly T[];
  /** The number of entries that the schema does not match. */
  readonly unreadable: number;
  readonly nextLink: string | undefined;
}

const page = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().nullish() });

/**
 * Reads one page of a collection. Entries are parsed one by one, so that one in an unknown form does not affect the
 * others.
 *
 * @throws {CallError} `GRAPH_PROTOCOL` if the response is not a page
 */
export function requirePage<T>(schema: z.ZodType<T>, response: GraphResponse): EntityPage<T> {
  const parsed = page.safeParse(parseJson(response.text)).data;
  if (parsed === undefined) throw protocolError(response);
  const { value: entries, '@odata.nextLink': nextLink } = parsed;
  const items = entries.flatMap((entry) => {
    const result = schema.safeParse(entry);
    return result.success ? [result.data] : [];
  });
  return { items, unreadable: entries.length - items.length, nextLink: nextLink || undefined };
}

/** The error for a response that is not in Graph's documented form. */
export function protocolError(response: GraphResponse): CallError {
  return new CallError('GRAPH_PROTOCOL', { graph: response.ids, status: response.status });
}
