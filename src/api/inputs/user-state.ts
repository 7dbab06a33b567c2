import { z } from 'zod/mini';
import { inputObject, messages } from './messages.js';
import { entityId, targetFields } from './target.js';

// A front end may import these schemas to validate before it calls. They use `zod/mini`, so that they add little to its
// bundle, and depend on no server code but the ids and kinds of graph/ids.ts.

const deviceCount = z.int(messages).check(z.minimum(0), z.maximum(2_147_483_647));

/** Graph documents it as a plain string, so it need not be an address. */
const userPrincipalName = z
  .string(messages)
  .check(z.minLength(1), z.maxLength(1024), z.regex(/^\P{Cc}*$/u, 'must not contain control characters'));

/** The values of a new user state. */
export const newUserState = inputObject({
  id: z.optional(entityId),
  successDeviceCount: deviceCount,
  errorDeviceCount: deviceCount,
  userPrincipalName,
});

/** The values that an update sets: at least one. */
export const patch = inputObject({
  successDeviceCount: z.optional(deviceCount),
  errorDeviceCount: z.optional(deviceCount),
  userPrincipalName: z.optional(userPrincipalName),
}).check(
  z.refine((fields) => Object.values(fields).some((value) => value !== undefined), 'must have at least one field'),
);

/** The fields of multi admin approval, for a write in a tenant that requires it. */
export const approval = inputObject({
  justification: z.optional(z.string(messages).check(z.minLength(1), z.maxLength(1024))),
  code: z.optional(entityId),
});

/** One update of an `updateMany` call. */
export const updateRow = inputObject({ ...targetFields, patch });

/** The maximum number of updates in one call. */
export const maxUpdates = 5_000;
