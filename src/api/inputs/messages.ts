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
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys':
      return `must not have unknown fields: ${issue.keys.join(', ')}`;
    case 'too_small':
      if (issue.origin === 'number') return `must be ${issue.minimum} or more`;
      return 'must not be empty';
    case 'too_big':
      // An integer that is not safe: the check for the maximum reports the limit.
      if (issue.origin === 'int') return `must be ${wholeNumber}`;
      if (issue.origin === 'number') return `must be at most ${issue.maximum}`;
      return `must have at most ${issue.maximum} ${issue.origin === 'array' ? 'items' : 'characters'}`;
    default:
      return undefined;
  }
}

/** The parameters of every schema of an input. Its checks have these messages too, unless they have their own. */
export const messages = { error: inputMessage };

/** Creates the schema of an object that has no other fields. */
export const inputObject = <Fields extends z.core.$ZodLooseShape>(fields: Fields) => z.strictObject(fields, messages);
