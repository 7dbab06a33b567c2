import { deviceRunStateRouter } from './device-run-state.js';
import { scriptRouter } from './script.js';
import { scriptUserStateRouter } from './script-user-state.js';
import { sessionRouter } from './session.js';
import { router } from './trpc.js';

/** Every procedure there is. */
export const appRouter = router({
  deviceRunState: deviceRunStateRouter,
  script: scriptRouter,
  scriptUserState: scriptUserStateRouter,
  session: sessionRouter,
});

// The types show the record as it was written; at run time it is flat, without a prototype, keyed by whole paths.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const procedures = appRouter._def.procedures as unknown as Readonly<Record<string, { _def: { type: string } }>>;

/** The type of every procedure (query or mutation), by its whole path. */
export const procedureTypes: ReadonlyMap<string, string> = new Map(
  Object.entries(procedures).map(([path, { _def }]) => [path, _def.type]),
);
