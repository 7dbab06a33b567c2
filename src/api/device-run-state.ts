import type { DeviceRunState } from '../graph/entities.js';
import type { Page } from '../graph/graph.js';
import { inputObject } from './inputs/messages.js';
import { cursorField, scriptFields, targetFields } from './inputs/target.js';
import { readerProcedure, router } from './trpc.js';

/** How a script ran on devices: those of one person, or of all people. */
export const deviceRunStateRouter = router({
  list: readerProcedure
    .input(inputObject({ ...targetFields, ...cursorField }))
    .query(
      ({ ctx, input, signal }): Promise<Page<DeviceRunState>> =>
        ctx.graph.deviceRunStates.list(input, input.cursor, { caller: ctx.caller, signal }),
    ),

  listForScript: readerProcedure
    .input(inputObject({ ...scriptFields, ...cursorField }))
    .query(
      ({ ctx, input, signal }): Promise<Page<DeviceRunState>> =>
        ctx.graph.deviceRunStates.listForScript(input, input.cursor, { caller: ctx.caller, signal }),
    ),
});
