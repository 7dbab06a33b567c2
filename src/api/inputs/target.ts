import { z } from 'zod';
import { idPattern, scriptKinds } from '../../graph/routes.js';

const id = z.string().regex(idPattern, 'must be 1 to 256 letters, digits, dots, underscores, hyphens or colons');

/** The kind of a script. */
export const scriptKind = z.enum(scriptKinds, `must be one of ${scriptKinds.join(', ')}`);

/** The fields that identify a script. */
export const scriptFields = { scriptKind, scriptId: id };

/** The fields that identify a user state, flat in the input. */
export const targetFields = { ...scriptFields, userStateId: id };

/** An id that the caller chooses. */
export const ownId = id;

/** The field that continues a list. */
export const cursorField = { cursor: z.string().min(1).max(20_480).optional() };
