import { z } from 'zod/mini';
import { idPattern, type ScriptRef, type StateRef, scriptKinds } from '../../graph/ids.js';
import { messages } from './messages.js';

const id = z
  .string(messages)
  .check(z.regex(idPattern, 'must be 1 to 256 letters, digits, dots, underscores, hyphens or colons'));

/** The field that distinguishes the kinds of script. */
export const scriptKind = z.enum(scriptKinds, messages);

/** The fields that identify a script. */
export const scriptFields = { scriptKind, scriptId: id };

/** The fields that identify a user state. */
export const targetFields = { ...scriptFields, userStateId: id };

/** The id of a person: the second part of the ids of their states, so it is shorter than those. */
export const userId = z
  .string(messages)
  .check(
    z.regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/, 'must be 1 to 128 letters, digits, dots, underscores or hyphens'),
  );

/** An id chosen by the caller. */
export const entityId = id;

/** Identifies the page of a list. */
export interface PageRef {
  /** The `nextCursor` of the page before. Without it, the list starts at its first page. */
  readonly cursor?: string | undefined;
  /** Sent by tRPC's infinite queries. It has no effect. */
  readonly direction?: 'forward' | 'backward' | undefined;
}

/** Selects a page of a list that belongs to a script. */
export interface ScriptPageInput extends ScriptRef, PageRef {}

/** Selects a page of a list that belongs to one person's state. */
export interface StatePageInput extends StateRef, PageRef {}

/** The fields that identify the page of a list. */
export const pageFields = {
  cursor: z.optional(z.string(messages).check(z.minLength(1), z.maxLength(20_480))),
  direction: z.optional(z.enum(['forward', 'backward'], messages)),
};
