import { createRandom, type Random } from '../random.js';
import { createDirectory, type DirectoryUser, type UserDevice } from './directory.js';
import { dateTime, type ManagedDevice, minuteMs, newYearMs } from './managed-devices.js';
import { audiences, topics } from './sample-data.js';

/** The id of the simulated tenant: the `tid` of every token. */
export const tenantId = '5a1b0000-0000-4000-8000-000000007e4a';

/** A collection of scripts under `/deviceManagement`. */
export type ScriptCollection = keyof typeof topics;

/** The run state of a script for one user: a `deviceManagementScriptUserState`. */
export interface SimulatedUserState {
  readonly id: string;
  readonly successDeviceCount: number;
  readonly errorDeviceCount: number;
  readonly userPrincipalName: string | null;
  /** Real responses have it, though Microsoft's metadata does not. */
  readonly pendingDeviceCount: number;
}

/** The run state of a script on one device: a `deviceManagementScriptDeviceState`. */
export interface SimulatedDeviceState {
  readonly id: string;
  /** Null if the device is no longer managed. */
  readonly managedDevice: ManagedDevice | null;
  readonly runState: string;
  readonly resultMessage: string;
  readonly lastStateUpdateDateTime: string;
  readonly errorCode: number;
  readonly errorDescription: string | null;
}

/** A script with its user states and device states. */
export interface SimulatedScript {
  /** The entity's properties as in a list, where `scriptContent` is null. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** The script's text, as base64. */
  readonly content: string;
  /** Keyed by {@link entityKey} of the id. */
  readonly userStates: Map<string, SimulatedUserState>;
  /** Keyed as {@link userStates}. */
  readonly deviceStates: Map<string, readonly SimulatedDeviceState[]>;
}

/** The simulated tenant: the scripts of each collection by {@link entityKey} of their ids. Writes change their maps. */
export type SimulatedTenant = Readonly<Record<ScriptCollection, ReadonlyMap<string, SimulatedScript>>>;

/** The key of an entity. Graph compares ids without regard to case. */
export function entityKey(id: string): string {
  return id.toLowerCase();
}

const scriptsPerCollection = 100;
// One script of each collection has enough user states for several pages.
const pagedScriptIndex = 3;
const pagedScriptStates = 140;

/** Creates the tenant of a seed: 300 scripts, about 4,000 user states, and one directory of users. */
export function createTenant(seed: number): SimulatedTenant {
  const random = createRandom(seed);
  // The devices' properties have a generator of their own, so that they don't change the other values of a seed.
  const users = createDirectory(random, createRandom(seed + 3));
  const collection = (name: ScriptCollection) =>
    new Map(Array.from({ length: scriptsPerCollection }, (_, index) => createScript(name, index, users, random)));
  return {
    deviceShellScripts: collection('deviceShellScripts'),
    deviceManagementScripts: collection('deviceManagementScripts'),
    deviceCustomAttributeShellScripts: collection('deviceCustomAttributeShellScripts'),
  };
}

function createScript(
  collection: ScriptCollection,
  index: number,
  users: readonly DirectoryUser[],
  random: Random,
): [string, SimulatedScript] {
  const id = random.guid();
  const names = topics[collection];
  const topic = names[index % names.length] ?? collection;
  const audience = audiences[Math.floor(index / names.length) % audiences.length] ?? 'All staff';
  const windows = collection === 'deviceManagementScripts';
  const fileName = `${topic} ${audience}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-') + (windows ? '.ps1' : '.sh');
  const created = newYearMs - random.below(700 * 24 * 60) * minuteMs;
  const script: SimulatedScript = {
    properties: {
      id,
      displayName: `${topic} - ${audience}`,
      description: random.below(4) === 0 ? '' : `${topic} on the devices of: ${audience}.`,
      scriptContent: null,
      createdDateTime: dateTime(created),
      lastModifiedDateTime: dateTime(created + random.below((newYearMs - created) / minuteMs) * minuteMs),
      runAsAccount: random.pick(['system', 'system', 'user']),
      fileName,
      roleScopeTagIds: ['0'],
      ...kindProperties[collection](index, topic),
    },
    content: Buffer.from(windows ? `Write-Output '${topic}'\r\n` : `#!/bin/sh\necho '${topic}'\n`).toString('base64'),
    userStates: new Map(),
    deviceStates: new Map(),
  };
  const count = index === pagedScriptIndex ? pagedScriptStates : random.below(20) === 0 ? 0 : 1 + random.below(24);
  const start = random.below(users.length);
  const stride = 1 + random.below(users.length - 1);
  for (let step = 0; step < count; step += 1) {
    const user = users[(start + step * stride) % users.length];
    if (user !== undefined) addRunStates(script, id, user, user.devices[windows ? 'Windows' : 'macOS'], random);
  }
  return [entityKey(id), script];
}

/** The properties that only scripts of one collection have. */
const kindProperties = {
  deviceShellScripts: (index) => ({
    executionFrequency: index % 3 === 0 ? 'P1D' : 'PT0S',
    retryCount: index % 4,
    blockExecutionNotifications: index % 2 === 0,
  }),
  deviceManagementScripts: (index) => ({ enforceSignatureCheck: index % 3 === 0, runAs32Bit: index % 5 === 0 }),
  deviceCustomAttributeShellScripts: (_index, topic) => ({
    customAttributeType: /count|days|space/.test(topic) ? 'integer' : /reboot/.test(topic) ? 'dateTime' : 'string',
    customAttributeName: topic,
  }),
} as const satisfies Record<ScriptCollection, (index: number, topic: string) => object>;

function addRunStates(
  script: SimulatedScript,
  scriptId: string,
  user: DirectoryUser,
  userDevices: readonly UserDevice[],
  random: Random,
): void {
  const id = `${scriptId}:${user.id}`;
  const devices = userDevices.map((device) => createDeviceState(`${scriptId}:${device.id}`, device, random));
  const count = (...runStates: readonly string[]) =>
    devices.filter(({ runState }) => runStates.includes(runState.toLowerCase())).length;
  script.deviceStates.set(entityKey(id), devices);
  script.userStates.set(entityKey(id), {
    id,
    successDeviceCount: count('success'),
    errorDeviceCount: count('fail', 'scripterror'),
    userPrincipalName: user.userPrincipalName,
    pendingDeviceCount: count('pending'),
  });
}

function createDeviceState(id: string, { managedDevice }: UserDevice, random: Random): SimulatedDeviceState {
  const runState =
    random.below(10) < 7
      ? 'success'
      : random.pick(['fail', 'fail', 'scriptError', 'pending', 'pending', 'notApplicable']);
  const failed = runState === 'fail' || runState === 'scriptError';
  return {
    id,
    // Graph sends both `success` and `Success`.
    runState: random.below(8) === 0 ? runState.charAt(0).toUpperCase() + runState.slice(1) : runState,
    resultMessage: failed ? 'The script ended with an error.' : '',
    lastStateUpdateDateTime: dateTime(newYearMs + random.below(14 * 24 * 60) * minuteMs),
    errorCode: failed ? random.pick([1, 127, -2016281112]) : 0,
    errorDescription: failed ? 'Script execution failed' : null,
    managedDevice,
  };
}
