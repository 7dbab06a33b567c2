import { createRandom, type Random } from '../random.js';
import { audiences, domains, firstNames, lastNames, topics } from './sample-data.js';

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
interface SimulatedDeviceState {
  readonly id: string;
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
  readonly userStates: Map<string, SimulatedUserState>;
  /** Keyed by the id of the user state. */
  readonly deviceStates: Map<string, readonly SimulatedDeviceState[]>;
}

/** The simulated tenant: the scripts of each collection by id. Writes change the maps of the scripts. */
export type SimulatedTenant = Readonly<Record<ScriptCollection, ReadonlyMap<string, SimulatedScript>>>;

/** A user of the tenant's directory. */
interface DirectoryUser {
  readonly id: string;
  /** Null for a user who was deleted. */
  readonly userPrincipalName: string | null;
  readonly deviceIds: readonly string[];
}

// A prime, so that any stride through the directory visits every user once.
const userCount = 457;
const scriptsPerCollection = 100;
// One script of each collection has enough user states for several pages.
const pagedScriptIndex = 3;
const pagedScriptStates = 140;
const newYearMs = Date.parse('2026-01-01T00:00:00Z');
const minuteMs = 60_000;

/** Creates the tenant of a seed: 300 scripts, about 4,000 user states, and one directory of users. */
export function createTenant(seed: number): SimulatedTenant {
  const random = createRandom(seed);
  const users = Array.from({ length: userCount }, (_, index) => createUser(index, random));
  const collection = (name: ScriptCollection) =>
    new Map(Array.from({ length: scriptsPerCollection }, (_, index) => createScript(name, index, users, random)));
  return {
    deviceShellScripts: collection('deviceShellScripts'),
    deviceManagementScripts: collection('deviceManagementScripts'),
    deviceCustomAttributeShellScripts: collection('deviceCustomAttributeShellScripts'),
  };
}

function createUser(index: number, random: Random): DirectoryUser {
  // 31 first and 29 last names: every pair is unique (Chinese remainder theorem).
  const name = `${firstNames[index % firstNames.length]}.${lastNames[index % lastNames.length]}`.toLowerCase();
  return {
    id: random.guid(),
    // The states of a deleted user remain, without the name.
    userPrincipalName: random.below(50) === 0 ? null : `${name}@${random.pick(domains)}`,
    deviceIds: Array.from({ length: 1 + random.below(3) }, () => random.guid()),
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
    if (user !== undefined) addRunStates(script, id, user, random);
  }
  return [id, script];
}

function addRunStates(script: SimulatedScript, scriptId: string, user: DirectoryUser, random: Random): void {
  const id = `${scriptId}:${user.id}`;
  const devices = user.deviceIds.map((deviceId) => createDeviceState(`${scriptId}:${deviceId}`, random));
  const count = (...runStates: readonly string[]) =>
    devices.filter(({ runState }) => runStates.includes(runState.toLowerCase())).length;
  script.deviceStates.set(id, devices);
  script.userStates.set(id, {
    id,
    successDeviceCount: count('success'),
    errorDeviceCount: count('fail', 'scripterror'),
    userPrincipalName: user.userPrincipalName,
    pendingDeviceCount: count('pending'),
  });
}

function createDeviceState(id: string, random: Random): SimulatedDeviceState {
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
  };
}

function dateTime(timestamp: number): string {
  return new Date(timestamp).toISOString().replace('.000Z', 'Z');
}
