import { z } from 'zod';
import { idPattern, scriptKinds } from '../../graph/routes.js';

const id = z.string().regex(idPattern, 'wants 1 to 256 letters, digits, dots, underscores, hyphens or colons');

/** The field that tells the kinds of script apart. */
export const scriptKind = z.enum(scriptKinds, `wants one of ${scriptKinds.join(', ')}`);

/** The fields that name a script. */
export const scriptFields = { scriptKind, scriptId: id };

/** The fields that name a user state, flat in the input. */
export const targetFields = { ...scriptFields, userStateId: id };

/** An id of the caller's own choice. */
export const ownId = id;

/** The field that goes on with a listing. */
export const cursorField = { cursor: z.string().min(1).max(20_480).optional() };
