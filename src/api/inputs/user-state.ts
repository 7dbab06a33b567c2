import { z } from 'zod';
import { ownId, targetFields } from './target.js';

// These schemas are the rules of inputs and nothing else: a front end may check with them before it calls.

const deviceCount = z
  .int('wants a whole number')
  .min(0, 'wants 0 or more')
  .max(2_147_483_647, 'wants at most 2147483647');

/** Graph documents it as a plain string, so it need not look like an address. */
const userPrincipalName = z
  .string()
  .min(1, 'wants at least one character')
  .max(1024, 'wants at most 1024 characters')
  .regex(/^\P{Cc}*$/u, 'wants no control characters');

/** What a create says. */
export const newUserState = z.strictObject({
  id: ownId.optional(),
  successDeviceCount: deviceCount,
  errorDeviceCount: deviceCount,
  userPrincipalName,
});

/** What an update changes: at least one field. */
export const patch = z
  .strictObject({
    successDeviceCount: deviceCount.optional(),
    errorDeviceCount: deviceCount.optional(),
    userPrincipalName: userPrincipalName.optional(),
  })
  .refine((fields) => Object.values(fields).some((value) => value !== undefined), 'wants at least one field');

/** What multi admin approval wants with a write. */
export const approval = z.strictObject({
  justification: z.string().min(1).max(1024).optional(),
  code: ownId.optional(),
});

/** One of many updates. */
export const updateRow = z.strictObject({ ...targetFields, patch });

/** As many updates one call takes. */
export const maxUpdates = 5_000;
