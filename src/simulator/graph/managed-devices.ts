import type { Random } from '../random.js';

/** The properties of a `managedDevice` that the simulator has. */
export interface ManagedDevice {
  readonly id: string;
  readonly deviceName: string;
  readonly operatingSystem: string;
  readonly osVersion: string;
  readonly lastSyncDateTime: string;
  readonly enrolledDateTime: string;
  readonly complianceState: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly userId: string;
  readonly userPrincipalName: string;
}

/** The user of a device. */
interface DeviceOwner {
  readonly id: string;
  readonly userPrincipalName: string;
}

/** The operating system of a managed device. */
export type DevicePlatform = 'macOS' | 'Windows';

const models = {
  macOS: { manufacturer: 'Apple', models: ['MacBook Air', 'MacBook Pro', 'Mac mini'] },
  Windows: { manufacturer: 'Contoso', models: ['Book 5', 'Station 3', 'Slate 2'] },
} as const;
const versions = {
  macOS: ['15.7.1', '26.0.1', '26.1'],
  Windows: ['10.0.22631.6060', '10.0.26100.6899', '10.0.26200.7171'],
} as const;
const newYearMs = Date.parse('2026-01-01T00:00:00Z');
const minuteMs = 60_000;

/** Creates the device with the given id and `number`, which its name contains. */
export function createManagedDevice(
  id: string,
  platform: DevicePlatform,
  number: number,
  owner: DeviceOwner,
  random: Random,
): ManagedDevice {
  const serialNumber = id.slice(-10).toUpperCase();
  const prefix = platform === 'macOS' ? 'MAC' : 'WIN';
  const syncedMs = newYearMs + random.below(14 * 24 * 60) * minuteMs;
  return {
    id,
    deviceName: `${prefix}-${String(number).padStart(4, '0')}`,
    operatingSystem: platform,
    osVersion: random.pick(versions[platform]),
    lastSyncDateTime: dateTime(syncedMs),
    enrolledDateTime: dateTime(newYearMs - random.below(700 * 24 * 60) * minuteMs),
    complianceState: random.pick(['compliant', 'compliant', 'compliant', 'noncompliant']),
    manufacturer: models[platform].manufacturer,
    model: random.pick(models[platform].models),
    serialNumber,
    userId: owner.id,
    userPrincipalName: owner.userPrincipalName,
  };
}

/** An instant in Graph's format, to the second. */
export function dateTime(timestamp: number): string {
  return new Date(timestamp).toISOString().replace('.000Z', 'Z');
}
