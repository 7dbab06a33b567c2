import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { ApiSchemas } from '../../src/api/json-schemas.js';
import type { TestService } from './service.js';

/** Validates with the JSON Schemas that a service serves. */
export interface SchemaValidator {
  readonly schemas: ApiSchemas;
  /** Whether JSON text is an input that the schema of a procedure accepts. */
  acceptsInput(path: string, json: string): boolean;
  /** Whether the schema of a procedure accepts an output; of a stream, one of its events. */
  acceptsOutput(path: string, output: unknown): boolean;
  /** Whether the schema of errors accepts the error of a call. */
  acceptsError(error: unknown): boolean;
}

/** Reads the JSON Schemas of a service. */
export async function readSchemas({ address }: Pick<TestService, 'address'>): Promise<SchemaValidator> {
  const schemas = (await (await fetch(`${address}/schemas.json`)).json()) as ApiSchemas;
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });
  const compiled = new Map<object, ValidateFunction>();
  const accepts = (schema: object | undefined, value: unknown) => {
    if (schema === undefined) expect.fail('there is no schema');
    const validate = compiled.get(schema) ?? ajv.compile(schema);
    compiled.set(schema, validate);
    return validate(value);
  };
  return {
    schemas,
    acceptsInput: (path, json) => accepts(schemas.procedures[path]?.input, JSON.parse(json)),
    acceptsOutput: (path, output) => accepts(schemas.procedures[path]?.output, output),
    acceptsError: (error) => accepts(schemas.error, error),
  };
}
