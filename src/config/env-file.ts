import { parseEnv } from 'node:util';
import { readUtf8File } from './utf8-file.js';

/** The variables of an `.env` file. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string | undefined>>;
  /** What the operator should check, without values. */
  readonly warnings: readonly string[];
}

/** Variables that Node reads before it runs the program. */
const readByNode = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'];

/** An assignment: its name, and its value if that is not in quotes. A value in quotes may have several lines. */
const assignment = /^\s*(?:export\s+)?([\w.-]+)[^\S\n]*=[^\S\n]*(?:(["'`])[\s\S]*?\2|([^\n]*))/gm;

/** Reads an `.env` file. @throws as {@link readUtf8File} does */
export function readEnvFile(path: string): EnvFile {
  const text = readUtf8File(path);
  const values = parseEnv(text);
  const cutOff = [...text.matchAll(assignment)].flatMap(([, name, , unquoted = '']) =>
    // A comment after a space is intended.
    name !== undefined && /(?:^|\S)#/.test(unquoted) ? [name] : [],
  );
  return {
    values,
    warnings: [
      ...cutOff.map((name) => `${path}: the value of ${name} ends before its #; put the value in quotes to keep it`),
      ...readByNode
        .filter((name) => values[name] && process.env[name] !== values[name])
        .map((name) => `${path}: ${name} has no effect here; set it in the environment of the process`),
    ],
  };
}
