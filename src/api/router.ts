import type { TRPCProcedureType } from '@trpc/server';
import { deviceRunStateRouter } from './device-run-state.js';
import { scriptRouter } from './script.js';
import { scriptUserStateRouter } from './script-user-state.js';
import { sessionRouter } from './session.js';
import { type Meta, router } from './trpc.js';

/** Every procedure there is. */
export const appRouter = router({
  deviceRunState: deviceRunStateRouter,
  script: scriptRouter,
  scriptUserState: scriptUserStateRouter,
  session: sessionRouter,
});

// The types show the record as it was written; at run time it is flat, without a prototype, keyed by whole paths.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const record = appRouter._def.procedures as unknown as Readonly<Record<string, { _def: ProcedureInfo }>>;

/** What the door knows of a procedure. */
export interface ProcedureInfo {
  readonly type: TRPCProcedureType;
  readonly meta?: Partial<Meta>;
}

/** Every procedure, by its whole path. */
export const procedures: ReadonlyMap<string, ProcedureInfo> = new Map(
  Object.entries(record).map(([path, { _def }]) => [path, _def]),
);
