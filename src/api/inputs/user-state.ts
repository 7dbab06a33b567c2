import { z } from 'zod/mini';
import { inputObject, messages, visibleCharacters } from './messages.js';
import { entityId, targetFields } from './target.js';

// A front end may import these schemas to validate its input. They use `zod/mini`, so that they add little to its
// bundle, and depend on no server code but graph/ids.ts.

const deviceCount = z.int(messages).check(z.minimum(0), z.maximum(2_147_483_647));

/** Graph documents it as a plain string, so it need not be an address. */
const userPrincipalName = z.string(messages).check(
  z.minLength(1),
  // A longer name is not searched.
  z.maxLength(1024, { abort: true }),
  visibleCharacters,
  z.regex(/^(?!\s).*(?<!\s)$/su, 'must not begin or end with white space'),
);

/** The values of a new user state. */
export const newUserState = inputObject({
  id: z.optional(entityId),
  successDeviceCount: deviceCount,
  errorDeviceCount: deviceCount,
  userPrincipalName,
});

// JSON Schemas contain the metadata, but no refinements.

/** The values that an update sets: at least one. */
export const patch = inputObject({
  successDeviceCount: z.optional(deviceCount),
  errorDeviceCount: z.optional(deviceCount),
  userPrincipalName: z.optional(userPrincipalName),
}).check(
  z.refine((fields) => Object.values(fields).some((value) => value !== undefined), 'must have at least one field'),
  z.meta({ minProperties: 1 }),
);

/** The reason for a change, for the administrator who approves it. */
export const justification = z.string(messages).check(z.minLength(1), z.maxLength(1024));

/** The approval with which a change is filed. */
export const approvalRequest = inputObject({ justification });

/** The approval with which an approved change is completed. */
const approvalCompletion = inputObject({ code: entityId });

/** Multi admin approval, for a write in a tenant that requires it: a justification or a code. */
export const approval = inputObject({ justification: z.optional(justification), code: z.optional(entityId) }).check(
  z.refine(
    (fields) => (fields.justification === undefined) !== (fields.code === undefined),
    'must have either a justification, to file a change, or a code, to complete an approved one',
  ),
  z.meta({ minProperties: 1, maxProperties: 1 }),
);

const anyDeviceCount = z.int(messages).check(z.minimum(-2_147_483_648), z.maximum(2_147_483_647));

/** The values that the caller saw: at least one. Graph can show values that an update may not set. */
export const expectedUserState = inputObject({
  successDeviceCount: z.optional(anyDeviceCount),
  errorDeviceCount: z.optional(anyDeviceCount),
  userPrincipalName: z.optional(z.nullable(z.string(messages).check(z.maxLength(1024)))),
}).check(
  z.refine((fields) => Object.values(fields).some((value) => value !== undefined), 'must have at least one field'),
  z.meta({ minProperties: 1 }),
);

/** One update of an `updateMany` call. */
export const updateRow = inputObject({
  ...targetFields,
  patch,
  expected: z.optional(expectedUserState),
  approval: z.optional(approvalCompletion),
});

/** The maximum number of updates in one call. */
export const maxUpdates = 5_000;
