import type { ScriptSummary } from '../graph/entities.js';
import type { Page } from '../graph/graph.js';
import { inputObject } from './inputs/messages.js';
import { cursorField, scriptKind } from './inputs/target.js';
import { readerProcedure, router } from './trpc.js';

/** The scripts of the tenant. */
export const scriptRouter = router({
  list: readerProcedure
    .input(inputObject({ scriptKind, ...cursorField }))
    .query(
      ({ ctx, input, signal }): Promise<Page<ScriptSummary>> =>
        ctx.graph.scripts.list(input.scriptKind, input.cursor, { caller: ctx.caller, signal }),
    ),
});
