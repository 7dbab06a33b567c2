import { z } from 'zod/mini';
import { inputObject, messages, visibleCharacters } from './messages.js';
import { targetFields } from './target.js';
import { expectedUserState, justification, patch } from './user-state.js';

/** The id of a job. */
export const jobId = z.string(messages).check(z.regex(/^[\da-f-]{36}$/, 'must be the id of a job'));

/** One update of a job. */
export const jobRow = inputObject({ ...targetFields, patch, expected: z.optional(expectedUserState) });

/** The fields of a new job other than its updates. */
export const jobFields = {
  title: z.optional(z.string(messages).check(z.minLength(1), z.maxLength(200, { abort: true }), visibleCharacters)),
  justification: z.optional(justification),
  key: z.optional(
    z.string(messages).check(z.regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters')),
  ),
};
