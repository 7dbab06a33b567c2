import { z } from 'zod/mini';

const wholeNumber = 'a whole number';

const typeNames: Readonly<Record<string, string>> = {
  array: 'an array',
  int: wholeNumber,
  number: wholeNumber,
  object: 'an object',
  string: 'a string',
};

function inputMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return 'is required';
  const { code, origin } = issue;
  if (code === 'invalid_type') return `must be ${typeNames[issue.expected] ?? issue.expected}`;
  if (code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (code === 'unrecognized_keys') return 'must not have unknown fields';
  // The minimum length of strings and arrays is 1 everywhere.
  if (code === 'too_small') return origin === 'number' ? `must be ${issue.minimum} or more` : 'must not be empty';
  if (code !== 'too_big') return undefined;
  // The integer is not safe. The check for the maximum reports the limit.
  if (origin === 'int') return `must be ${wholeNumber}`;
  if (origin === 'number') return `must be at most ${issue.maximum}`;
  return `must have at most ${issue.maximum} ${origin === 'array' ? 'items' : 'characters'}`;
}

/** The parameters of every input schema. The checks of a schema use these messages unless they have their own. */
export const messages = { error: inputMessage };

/** The check of a text that users read: one line, without characters that hide or reorder others. */
export const visibleCharacters = z.regex(
  /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u,
  'must not contain control, zero-width or formatting characters',
);

/** More fields than any input has. */
const maxFields = 32;

/** Whether an object has so few fields that looking for unknown ones is cheap: a body can hold 100,000. */
const hasFewFields = (input: unknown): boolean =>
  typeof input !== 'object' || input === null || Array.isArray(input) || Object.keys(input).length <= maxFields;

/** The schema of an input, by the type that describes it to callers. */
export type InputSchema<Input> = z.ZodMiniType<Input, Input>;

/** Creates the schema of an object that has no other fields. */
export function inputObject<Fields extends z.core.$ZodLooseShape>(fields: Fields) {
  const object = z.strictObject(fields, messages);
  return z.pipe(z.custom<z.input<typeof object>>(hasFewFields, 'must not have unknown fields'), object);
}
