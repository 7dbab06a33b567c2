import { z } from 'zod';
import { ownId, targetFields } from './target.js';

// These schemas contain no server code, so that a front end can validate with them before it calls.

const deviceCount = z
  .int('must be a whole number')
  .min(0, 'must be 0 or more')
  .max(2_147_483_647, 'must be at most 2147483647');

/** Graph documents it as a plain string, so it need not be an address. */
const userPrincipalName = z
  .string()
  .min(1, 'must have at least one character')
  .max(1024, 'must have at most 1024 characters')
  .regex(/^\P{Cc}*$/u, 'must not contain control characters');

/** The state that a create sends. */
export const newUserState = z.strictObject({
  id: ownId.optional(),
  successDeviceCount: deviceCount,
  errorDeviceCount: deviceCount,
  userPrincipalName,
});

/** The fields that an update changes: at least one. */
export const patch = z
  .strictObject({
    successDeviceCount: deviceCount.optional(),
    errorDeviceCount: deviceCount.optional(),
    userPrincipalName: userPrincipalName.optional(),
  })
  .refine((fields) => Object.values(fields).some((value) => value !== undefined), 'must have at least one field');

/** What multi admin approval requires. */
export const approval = z.strictObject({
  justification: z.string().min(1).max(1024).optional(),
  code: ownId.optional(),
});

/** One of many updates. */
export const updateRow = z.strictObject({ ...targetFields, patch });

/** The most updates in one call. */
export const maxUpdates = 5_000;
