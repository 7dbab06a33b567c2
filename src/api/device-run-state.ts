import type { DeviceRunState } from '../graph/entities.js';
import type { Page } from '../graph/graph.js';
import { type InputSchema, inputObject } from './inputs/messages.js';
import { pageFields, type ScriptPageInput, type StatePageInput, scriptFields, targetFields } from './inputs/target.js';
import { readerProcedure, router } from './trpc.js';

const listInput: InputSchema<StatePageInput> = inputObject({ ...targetFields, ...pageFields });
const listForScriptInput: InputSchema<ScriptPageInput> = inputObject({ ...scriptFields, ...pageFields });

/** How a script ran on devices: those of one person, or of all people. */
export const deviceRunStateRouter = router({
  /** How a script ran on each device of one person. */
  list: readerProcedure
    .input(listInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<DeviceRunState>> =>
        ctx.graph.deviceRunStates.list(input, input.cursor, { caller: ctx.caller, signal }),
    ),

  /** How a script ran on each device of all people. */
  listForScript: readerProcedure
    .input(listForScriptInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<DeviceRunState>> =>
        ctx.graph.deviceRunStates.listForScript(input, input.cursor, { caller: ctx.caller, signal }),
    ),
});
