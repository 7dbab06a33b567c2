import type { ScriptOverview, ScriptSummary } from '../graph/entities.js';
import type { Page } from '../graph/graph.js';
import type { ScriptRef } from '../graph/ids.js';
import { type InputSchema, inputObject } from './inputs/messages.js';
import { type PageRef, pageFields, scriptKind } from './inputs/target.js';
import { readerProcedure, router } from './trpc.js';

/** Selects the scripts of a list. */
export interface ScriptListInput extends Pick<ScriptRef, 'scriptKind'>, PageRef {}

const listInput: InputSchema<ScriptListInput> = inputObject({ scriptKind, ...pageFields });

/** The scripts of the tenant. */
export const scriptRouter = router({
  /** The scripts of one kind, page by page. */
  list: readerProcedure
    .input(listInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<ScriptSummary>> =>
        ctx.graph.scripts.list(input.scriptKind, input.cursor, { caller: ctx.caller, signal }),
    ),

  /** The same, with the summary of each script's runs. */
  overview: readerProcedure
    .input(listInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<ScriptOverview>> =>
        ctx.graph.scripts.overview(input.scriptKind, input.cursor, { caller: ctx.caller, signal }),
    ),
});
