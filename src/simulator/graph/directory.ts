import type { Random } from '../random.js';
import { createManagedDevice, type DevicePlatform, type ManagedDevice } from './managed-devices.js';
import { domains, firstNames, lastNames } from './sample-data.js';

/** A user of the tenant's directory. */
export interface DirectoryUser {
  readonly id: string;
  /** Null for a user who was deleted. */
  readonly userPrincipalName: string | null;
  readonly devices: Readonly<Record<DevicePlatform, readonly UserDevice[]>>;
}

/** A device of a user. */
export interface UserDevice {
  readonly id: string;
  /** Null if the device is no longer managed. */
  readonly managedDevice: ManagedDevice | null;
}

// A prime, so that any stride through the directory visits every user once.
const userCount = 457;

/** Creates the users of a tenant; `deviceRandom` determines the properties of their devices. */
export function createDirectory(random: Random, deviceRandom: Random): readonly DirectoryUser[] {
  return Array.from({ length: userCount }, (_, index) => createUser(index, random, deviceRandom));
}

function createUser(index: number, random: Random, deviceRandom: Random): DirectoryUser {
  // 31 first and 29 last names: every pair is unique (Chinese remainder theorem).
  const name = `${firstNames[index % firstNames.length]}.${lastNames[index % lastNames.length]}`.toLowerCase();
  const id = random.guid();
  // The states of a deleted user remain, without the name and the devices.
  const userPrincipalName = random.below(50) === 0 ? null : `${name}@${random.pick(domains)}`;
  const macIds = Array.from({ length: 1 + random.below(3) }, () => random.guid());
  const toDevices = (platform: DevicePlatform, ids: readonly string[]) =>
    ids.map((deviceId, position) => ({
      id: deviceId,
      managedDevice:
        userPrincipalName === null
          ? null
          : createManagedDevice(deviceId, platform, index * 3 + position, { id, userPrincipalName }, deviceRandom),
    }));
  return {
    id,
    userPrincipalName,
    devices: {
      macOS: toDevices('macOS', macIds),
      Windows: toDevices(
        'Windows',
        macIds.map(() => deviceRandom.guid()),
      ),
    },
  };
}
