import { z } from 'zod/mini';
import { idPattern, scriptKinds } from '../../graph/ids.js';
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

/** The field that continues a list. */
export const cursorField = {
  cursor: z.optional(z.string(messages).check(z.minLength(1), z.maxLength(20_480))),
};
