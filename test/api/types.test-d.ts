import type {
  DeviceManagementScriptDeviceState,
  DeviceManagementScriptRunSummary,
  DeviceManagementScriptUserState,
  DeviceShellScript,
  ManagedDevice,
} from '@microsoft/microsoft-graph-types-beta';
import { expectTypeOf, test } from 'vitest';
import type { ErrorData, Reason, RouterInputs, RouterOutputs } from '../../src/contract.js';
import type { DeviceRunState, RunSummary, ScriptSummary } from '../../src/graph/entities.js';
import type { ScriptUserState } from '../../src/script-user-state.js';

type Known<T> = { [K in keyof T]: Exclude<T[K], undefined> };

test("the entities match Microsoft's types", () => {
  type State = Known<Required<DeviceManagementScriptUserState>>;
  expectTypeOf<Pick<State, keyof ScriptUserState>>().toEqualTypeOf<ScriptUserState>();

  expectTypeOf<Exclude<keyof DeviceRunState, 'device'>>().toExtend<keyof DeviceManagementScriptDeviceState>();
  expectTypeOf<keyof NonNullable<DeviceRunState['device']>>().toExtend<keyof ManagedDevice>();
  expectTypeOf<DeviceRunState['errorCode']>().toEqualTypeOf<number | null>();

  type Summary = Known<Required<DeviceManagementScriptRunSummary>>;
  expectTypeOf<Pick<Summary, keyof RunSummary>>().toEqualTypeOf<RunSummary>();

  expectTypeOf<keyof ScriptSummary>().toExtend<keyof DeviceShellScript>();
  expectTypeOf<NonNullable<DeviceShellScript['runAsAccount']>>().toExtend<NonNullable<ScriptSummary['runAsAccount']>>();
});

test('a client sees the inputs and outputs of the contract', () => {
  type Kind = 'deviceShellScript' | 'deviceManagementScript' | 'deviceCustomAttributeShellScript';
  type Target = { readonly scriptKind: Kind; readonly scriptId: string; readonly userStateId: string };
  type Update = RouterInputs['scriptUserState']['update'];
  expectTypeOf<RouterInputs['scriptUserState']['get']>().toEqualTypeOf<Target>();
  expectTypeOf<Pick<Update, keyof Target>>().toEqualTypeOf<Target>();
  expectTypeOf<Update['patch']>().toEqualTypeOf<{
    readonly successDeviceCount?: number | undefined;
    readonly errorDeviceCount?: number | undefined;
    readonly userPrincipalName?: string | undefined;
  }>();
  expectTypeOf<RouterOutputs['scriptUserState']['update']>().toEqualTypeOf<{
    id: string;
    successDeviceCount: number;
    errorDeviceCount: number;
    userPrincipalName: string | null;
  }>();
  expectTypeOf<RouterOutputs['scriptUserState']['listForUser']['items'][number]>().toEqualTypeOf<{
    id: string;
    successDeviceCount: number;
    errorDeviceCount: number;
    userPrincipalName: string | null;
    readonly scriptKind: Kind;
    readonly scriptId: string;
    readonly scriptName: string | null;
  }>();
  expectTypeOf<RouterOutputs['scriptUserState']['list']['unreadable']>().toEqualTypeOf<number | undefined>();
  type Script = RouterOutputs['script']['list']['items'][number];
  type ScriptOverview = RouterOutputs['script']['overview']['items'][number];
  expectTypeOf<Omit<ScriptOverview, 'summary'>>().toEqualTypeOf<Script>();
  expectTypeOf<ScriptOverview['summary']>().toEqualTypeOf<{
    successDeviceCount: number;
    errorDeviceCount: number;
    successUserCount: number;
    errorUserCount: number;
  } | null>();
  type DeviceRunStates = RouterOutputs['deviceRunState']['list'];
  expectTypeOf<DeviceRunStates['items'][number]['device']>().toEqualTypeOf<{
    id: string;
    deviceName: string | null;
    operatingSystem: string | null;
    osVersion: string | null;
    lastSyncDateTime: string | null;
    userId: string | null;
    userPrincipalName: string | null;
  } | null>();
  expectTypeOf<RouterOutputs['deviceRunState']['listForScript']>().toEqualTypeOf<DeviceRunStates>();
  expectTypeOf<RouterOutputs['session']['current']['graph']>().toEqualTypeOf<'live' | 'simulator'>();
});

test('a failed call is typed with its reason', () => {
  expectTypeOf<ErrorData['reason']>().toEqualTypeOf<Reason>();
  expectTypeOf<'OUTCOME_UNKNOWN'>().toExtend<Reason>();
});

test('the router has exactly the routers of the contract', () => {
  expectTypeOf<keyof RouterInputs>().toEqualTypeOf<
    'activity' | 'deviceRunState' | 'script' | 'scriptUserState' | 'session' | 'updateJob'
  >();
});
