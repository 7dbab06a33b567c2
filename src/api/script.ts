import type { ScriptOverview, ScriptSummary } from '../graph/entities.js';
import type { Page } from '../graph/graph.js';
import { inputObject } from './inputs/messages.js';
import { cursorField, scriptKind } from './inputs/target.js';
import { readerProcedure, router } from './trpc.js';

const listInput = inputObject({ scriptKind, ...cursorField });

/** The scripts of the tenant. */
export const scriptRouter = router({
  list: readerProcedure
    .input(listInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<ScriptSummary>> =>
        ctx.graph.scripts.list(input.scriptKind, input.cursor, { caller: ctx.caller, signal }),
    ),

  overview: readerProcedure
    .input(listInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<ScriptOverview>> =>
        ctx.graph.scripts.overview(input.scriptKind, input.cursor, { caller: ctx.caller, signal }),
    ),
});
