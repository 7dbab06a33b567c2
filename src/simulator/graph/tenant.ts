import { createRandom, type Random } from '../random.js';
import { audiences, domains, firstNames, lastNames, topics } from '../sample-names.js';

/** A collection of scripts under `/deviceManagement`. */
export type Collection = keyof typeof topics;

/** How a script ran for one user: a `deviceManagementScriptUserState`. */
export interface UserState {
  readonly id: string;
  readonly successDeviceCount: number;
  readonly errorDeviceCount: number;
  readonly userPrincipalName: string | null;
  /** Not in Microsoft's metadata, but in the field's answers. */
  readonly pendingDeviceCount: number;
}

/** How a script ran on one device: a `deviceManagementScriptDeviceState`. */
interface DeviceState {
  readonly id: string;
  readonly runState: string;
  readonly resultMessage: string;
  readonly lastStateUpdateDateTime: string;
  readonly errorCode: number;
  readonly errorDescription: string | null;
}

/** One script with all that hangs on it. */
export interface Script {
  /** The entity's properties as a list shows them: `scriptContent` is null there. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Base64. */
  readonly content: string;
  readonly userStates: Map<string, UserState>;
  /** By the id of the user state. */
  readonly deviceStates: Map<string, readonly DeviceState[]>;
}

/** The simulated tenant: for each collection its scripts by id. Writes change the maps of the scripts. */
export type Tenant = Readonly<Record<Collection, ReadonlyMap<string, Script>>>;

interface Person {
  readonly id: string;
  readonly userPrincipalName: string | null;
  readonly devices: readonly string[];
}

// A prime: any stride through the directory meets everybody once.
const peopleCount = 457;
const scriptsPerCollection = 100;
// One script of each collection is long enough for several pages.
const longScript = 3;
const longScriptStates = 140;
const newYear = Date.parse('2026-01-01T00:00:00Z');
const minuteMs = 60_000;

/** Builds the tenant that belongs to a seed: 300 scripts, about 4,000 user states, one directory of people. */
export function createTenant(seed: number): Tenant {
  const random = createRandom(seed);
  const people = Array.from({ length: peopleCount }, (_, index) => createPerson(index, random));
  const collection = (name: Collection) =>
    new Map(Array.from({ length: scriptsPerCollection }, (_, index) => createScript(name, index, people, random)));
  return {
    deviceShellScripts: collection('deviceShellScripts'),
    deviceManagementScripts: collection('deviceManagementScripts'),
    deviceCustomAttributeShellScripts: collection('deviceCustomAttributeShellScripts'),
  };
}

function createPerson(index: number, random: Random): Person {
  // 31 first and 29 last names: no pair comes twice (Chinese remainder theorem).
  const name = `${firstNames[index % firstNames.length]}.${lastNames[index % lastNames.length]}`.toLowerCase();
  return {
    id: random.guid(),
    // The directory forgets people who left; their states stay.
    userPrincipalName: random.below(50) === 0 ? null : `${name}@${random.pick(domains)}`,
    devices: Array.from({ length: 1 + random.below(3) }, () => random.guid()),
  };
}

function createScript(
  collection: Collection,
  index: number,
  people: readonly Person[],
  random: Random,
): [string, Script] {
  const id = random.guid();
  const names = topics[collection];
  const topic = names[index % names.length] ?? collection;
  const audience = audiences[Math.floor(index / names.length) % audiences.length] ?? 'All staff';
  const windows = collection === 'deviceManagementScripts';
  const fileName = `${topic} ${audience}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-') + (windows ? '.ps1' : '.sh');
  const created = newYear - random.below(700 * 24 * 60) * minuteMs;
  const script: Script = {
    properties: {
      id,
      displayName: `${topic} - ${audience}`,
      description: random.below(4) === 0 ? '' : `${topic} on the devices of: ${audience}.`,
      scriptContent: null,
      createdDateTime: dateTime(created),
      lastModifiedDateTime: dateTime(created + random.below((newYear - created) / minuteMs) * minuteMs),
      runAsAccount: random.pick(['system', 'system', 'user']),
      fileName,
      roleScopeTagIds: ['0'],
    },
    content: Buffer.from(windows ? `Write-Output '${topic}'\r\n` : `#!/bin/sh\necho '${topic}'\n`).toString('base64'),
    userStates: new Map(),
    deviceStates: new Map(),
  };
  const count = index === longScript ? longScriptStates : random.below(20) === 0 ? 0 : 1 + random.below(24);
  const start = random.below(people.length);
  const stride = 1 + random.below(people.length - 1);
  for (let step = 0; step < count; step += 1) {
    const person = people[(start + step * stride) % people.length];
    if (person !== undefined) addStates(script, id, person, random);
  }
  return [id, script];
}

function addStates(script: Script, scriptId: string, person: Person, random: Random): void {
  const id = `${scriptId}:${person.id}`;
  const devices = person.devices.map((device) => createDeviceState(`${scriptId}:${device}`, random));
  const count = (...runStates: readonly string[]) =>
    devices.filter(({ runState }) => runStates.includes(runState.toLowerCase())).length;
  script.deviceStates.set(id, devices);
  script.userStates.set(id, {
    id,
    successDeviceCount: count('success'),
    errorDeviceCount: count('fail', 'scripterror'),
    userPrincipalName: person.userPrincipalName,
    pendingDeviceCount: count('pending'),
  });
}

function createDeviceState(id: string, random: Random): DeviceState {
  const runState =
    random.below(10) < 7
      ? 'success'
      : random.pick(['fail', 'fail', 'scriptError', 'pending', 'pending', 'notApplicable']);
  const failed = runState === 'fail' || runState === 'scriptError';
  return {
    id,
    // The field answers now `success`, now `Success`.
    runState: random.below(8) === 0 ? runState.charAt(0).toUpperCase() + runState.slice(1) : runState,
    resultMessage: failed ? 'The script ended with an error.' : '',
    lastStateUpdateDateTime: dateTime(newYear + random.below(14 * 24 * 60) * minuteMs),
    errorCode: failed ? random.pick([1, 127, -2016281112]) : 0,
    errorDescription: failed ? 'Script execution failed' : null,
  };
}

function dateTime(timestamp: number): string {
  return new Date(timestamp).toISOString().replace('.000Z', 'Z');
}
