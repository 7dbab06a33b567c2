import { z } from 'zod';
import type { UserStateOfScript } from '../graph/entities.js';
import type { Page } from '../graph/graph.js';
import type { ScriptUserState } from '../script-user-state.js';
import { type UpdateResult, updateMany } from './bulk/update-many.js';
import type { Progress } from './bulk/worker-pool.js';
import { inputObject } from './inputs/messages.js';
import { inputRows } from './inputs/rows.js';
import { cursorField, scriptFields, targetFields, userId } from './inputs/target.js';
import {
  approval,
  approvalRequest,
  expectedUserState,
  maxUpdates,
  newUserState,
  patch,
  updateRow,
} from './inputs/user-state.js';
import { operatorProcedure, readerProcedure, router } from './trpc.js';

const changeFields = { ...targetFields, expected: z.optional(expectedUserState), approval: z.optional(approval) };
const getInput = inputObject(targetFields);
const listInput = inputObject({ ...scriptFields, ...cursorField });
const listForUserInput = inputObject({ userId, ...cursorField });
const updateInput = inputObject({ ...changeFields, patch });
const updateManyInput = inputObject({
  updates: inputRows(updateRow, maxUpdates),
  approval: z.optional(approvalRequest),
});
const createInput = inputObject({ ...scriptFields, userState: newUserState, approval: z.optional(approval) });
const deleteInput = inputObject(changeFields);

/** The run states that Graph stores per script and person. */
export const scriptUserStateRouter = router({
  list: readerProcedure
    .input(listInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<ScriptUserState>> =>
        ctx.graph.userStates.list(input, input.cursor, { caller: ctx.caller, signal }),
    ),

  listForUser: readerProcedure
    .input(listForUserInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<UserStateOfScript>> =>
        ctx.graph.userStates.listForUser(input.userId, input.cursor, { caller: ctx.caller, signal }),
    ),

  get: readerProcedure
    .input(getInput)
    .query(
      ({ ctx, input, signal }): Promise<ScriptUserState> =>
        ctx.graph.userStates.get(input, { caller: ctx.caller, signal }),
    ),

  update: operatorProcedure.input(updateInput).mutation(
    ({ ctx, input, signal }): Promise<ScriptUserState> =>
      ctx.audit.write(ctx, { action: 'update', target: input, values: input.patch }, (hooks) =>
        ctx.graph.userStates.update(input, input.patch, {
          caller: ctx.caller,
          signal,
          expected: input.expected,
          approval: input.approval,
          hooks,
        }),
      ),
  ),

  updateMany: operatorProcedure
    .meta({ streamed: true })
    .input(updateManyInput)
    .mutation(
      ({ ctx, input, path, signal }): AsyncIterable<UpdateResult | Progress> => updateMany(ctx, path, input, signal),
    ),

  create: operatorProcedure.input(createInput).mutation(({ ctx, input, signal }): Promise<ScriptUserState> => {
    const { userState } = input;
    const target = { ...input, userStateId: userState.id };
    return ctx.audit.write(ctx, { action: 'create', target, values: userState }, (hooks) =>
      ctx.graph.userStates.create(input, userState, { caller: ctx.caller, signal, approval: input.approval, hooks }),
    );
  }),

  delete: operatorProcedure.input(deleteInput).mutation(
    ({ ctx, input, signal }): Promise<{ readonly id: string }> =>
      ctx.audit.write(ctx, { action: 'delete', target: input, values: {} }, (hooks) =>
        ctx.graph.userStates.delete(input, {
          caller: ctx.caller,
          signal,
          expected: input.expected,
          approval: input.approval,
          hooks,
        }),
      ),
  ),
});
