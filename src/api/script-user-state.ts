import { z } from 'zod';
import type { Progress } from '../bulk/worker-pool.js';
import type { UserStateOfScript } from '../graph/entities.js';
import type { Approval, ExpectedUserState, NewUserState, Page, UserStatePatch } from '../graph/graph.js';
import type { ScriptRef, StateRef } from '../graph/ids.js';
import type { ScriptUserState } from '../script-user-state.js';
import { type InputSchema, inputObject } from './inputs/messages.js';
import { inputRows } from './inputs/rows.js';
import { type PageRef, pageFields, type ScriptPageInput, scriptFields, targetFields, userId } from './inputs/target.js';
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
import { type UpdateManyInput, type UpdateResult, updateMany } from './update-many.js';

/** Selects the states of one person. */
export interface UserListInput extends PageRef {
  /** The person's object id in the directory. */
  readonly userId: string;
}

/** A write to a state that exists. */
export interface Change extends StateRef {
  /** The values that the caller saw. If the state has other values, nothing is sent: `CONFLICT`. */
  readonly expected?: ExpectedUserState | undefined;
  /** Multi admin approval, in a tenant that requires it. */
  readonly approval?: Approval | undefined;
}

/** An update of a state. */
export interface UpdateInput extends Change {
  /** The new values: at least one. */
  readonly patch: UserStatePatch;
}

/** A new state of a script. */
export interface CreateInput extends ScriptRef {
  /** The values of the new state. */
  readonly userState: NewUserState;
  /** Multi admin approval, in a tenant that requires it. */
  readonly approval?: Approval | undefined;
}

/** The deletion of a state. */
export interface DeleteInput extends Change {}

const changeFields = { ...targetFields, expected: z.optional(expectedUserState), approval: z.optional(approval) };
const getInput: InputSchema<StateRef> = inputObject(targetFields);
const listInput: InputSchema<ScriptPageInput> = inputObject({ ...scriptFields, ...pageFields });
const listForUserInput: InputSchema<UserListInput> = inputObject({ userId, ...pageFields });
const updateInput: InputSchema<UpdateInput> = inputObject({ ...changeFields, patch });
const updateManyInput: InputSchema<UpdateManyInput> = inputObject({
  updates: inputRows(updateRow, maxUpdates),
  approval: z.optional(approvalRequest),
});
const createInput: InputSchema<CreateInput> = inputObject({
  ...scriptFields,
  userState: newUserState,
  approval: z.optional(approval),
});
const deleteInput: InputSchema<DeleteInput> = inputObject(changeFields);

/** The run states that Graph stores per script and person. */
export const scriptUserStateRouter = router({
  /** The states of a script, one for each person, page by page. */
  list: readerProcedure
    .input(listInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<ScriptUserState>> =>
        ctx.graph.userStates.list(input, input.cursor, { caller: ctx.caller, signal }),
    ),

  /** One person's states for all scripts. A page can be empty although there are further pages. */
  listForUser: readerProcedure
    .input(listForUserInput)
    .query(
      ({ ctx, input, signal }): Promise<Page<UserStateOfScript>> =>
        ctx.graph.userStates.listForUser(input.userId, input.cursor, { caller: ctx.caller, signal }),
    ),

  /** One state. */
  get: readerProcedure
    .input(getInput)
    .query(
      ({ ctx, input, signal }): Promise<ScriptUserState> =>
        ctx.graph.userStates.get(input, { caller: ctx.caller, signal }),
    ),

  /**
   * Changes a state and returns it as Graph has it then. After `OUTCOME_UNKNOWN`, the change may have been made: read
   * the state before you send it again.
   */
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

  /**
   * Changes up to 5,000 states and streams a result for each, in order of completion. If the stream breaks, the updates
   * without a result may have been made: read their states.
   */
  updateMany: operatorProcedure
    .meta({ streamed: true })
    .input(updateManyInput)
    .mutation(
      ({ ctx, input, path, signal }): AsyncIterable<UpdateResult | Progress> => updateMany(ctx, path, input, signal),
    ),

  /** Creates a state. */
  create: operatorProcedure.input(createInput).mutation(({ ctx, input, signal }): Promise<ScriptUserState> => {
    const { userState } = input;
    const target = { ...input, userStateId: userState.id };
    return ctx.audit.write(ctx, { action: 'create', target, values: userState }, (hooks) =>
      ctx.graph.userStates.create(input, userState, { caller: ctx.caller, signal, approval: input.approval, hooks }),
    );
  }),

  /** Deletes a state. */
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
