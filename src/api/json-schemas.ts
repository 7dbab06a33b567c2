import type { TRPCProcedureType } from '@trpc/server';
import { z } from 'zod';
import { rowSchemas } from './inputs/rows.js';
import { errorOutput, outputsByPath } from './outputs.js';
import { procedures } from './router.js';

/** The JSON Schemas of one procedure. */
export interface ProcedureSchemas {
  readonly type: TRPCProcedureType;
  /** Absent if the procedure has no input. */
  readonly input?: object;
  readonly output: object;
  /** Set if the response is a stream: `output` is the schema of its events. */
  readonly streamed?: true;
}

/** The JSON Schemas of the API. */
export interface ApiSchemas {
  /** By the path of the procedure. */
  readonly procedures: Readonly<Record<string, ProcedureSchemas>>;
  /** The schema of the `error` of a failed call. */
  readonly error: object;
}

/** Creates the JSON Schemas (2020-12) of the inputs and outputs of all procedures. */
export function createJsonSchemas(): ApiSchemas {
  const described = [...procedures].map(
    ([
      path,
      {
        type,
        meta,
        inputs: [input],
      },
    ]): [string, ProcedureSchemas] => {
      const output = outputsByPath.get(path);
      if (output === undefined) throw new Error(`${path} has no output schema`);
      return [
        path,
        {
          type,
          ...(input !== undefined && { input: inputSchema(input) }),
          output: outputSchema(output),
          ...(meta?.streamed && { streamed: true }),
        },
      ];
    },
  );
  return { procedures: Object.fromEntries(described), error: outputSchema(errorOutput) };
}

/**
 * Inputs are not transformed, so that their schema is that of what validation returns: unlike the schema of what it
 * accepts, it contains what `inputObject` checks after the number of fields.
 */
function inputSchema(schema: z.core.$ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, {
    io: 'output',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const rows = rowSchemas.get(zodSchema);
      if (rows === undefined) return;
      const { $schema: _, ...items } = inputSchema(rows.row);
      Object.assign(jsonSchema, { type: 'array', minItems: 1, maxItems: rows.maxRows, items });
    },
  });
}

/** Outputs of later versions can have more fields, which the schema of what zod accepts allows. */
function outputSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: 'input' });
}
