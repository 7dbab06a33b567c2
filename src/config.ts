import { isAuthorityFile } from './config/authority-file.js';
import { readEnvFile } from './config/env-file.js';
import { rules } from './config/rules.js';
import { fileNameOf, readSecretFiles } from './config/secret-files.js';
import { type Settings, settings, settingsSchema } from './config/settings.js';
import { EncodingError } from './config/utf8-file.js';

export { secretFileNames } from './config/secret-files.js';

/** The settings of the service, with defaults applied. */
export type Config = Readonly<Settings> & {
  readonly GRAPH_CREDENTIAL: NonNullable<Settings['GRAPH_CREDENTIAL']>;
  readonly SIGN_IN: NonNullable<Settings['SIGN_IN']>;
};

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The names of all settings, in the order of the documentation. */
export const settingNames: readonly string[] = Object.keys(settings);

/** The settings whose names may also be in lower case, which takes precedence, as in curl. */
const caseInsensitive = new Set(['HTTPS_PROXY', 'NO_PROXY']);

/** An invalid environment. `message` names each invalid variable with its requirement, and contains no values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings from an environment, and secrets from the files that it names. An empty variable counts as not
 * set.
 *
 * @throws {ConfigError} with all problems at once
 */
export function loadConfig(env: Environment): Config {
  const variables = { ...env };
  for (const name of caseInsensitive) variables[name] = env[name.toLowerCase()]?.trim() || env[name];
  const files = readSecretFiles(variables);
  const given = Object.fromEntries(
    settingNames.map((name) => [name, variables[name]?.trim() || files.values.get(name)]),
  );
  const invalid = new Set(settingsSchema.safeParse(given).error?.issues.map(({ path }) => String(path[0])));
  // Check the rules too, with the invalid settings at their defaults.
  const values = settingsSchema.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !invalid.has(name))));
  if (!invalid.has('GRAPH_CREDENTIAL')) {
    if (values.NODE_ENV !== 'production') values.GRAPH_CREDENTIAL ??= 'simulator';
    if (!invalid.has('SIGN_IN')) values.SIGN_IN ??= values.GRAPH_CREDENTIAL === 'simulator' ? 'off' : 'oidc';
  }
  const problems = new Map<string, string>();
  for (const [name, { description = '' }] of Object.entries(settings)) {
    const fileProblem = files.problems.get(fileNameOf(name));
    if (fileProblem !== undefined) problems.set(fileNameOf(name), fileProblem);
    if (!invalid.has(name)) continue;
    if (files.values.has(name)) problems.set(fileNameOf(name), `the path of a file with ${description}`);
    else problems.set(name, description);
  }
  for (const { name, requirement, problem, isBroken } of rules) {
    if (problems.has(name) || problems.has(fileNameOf(name)) || !isBroken(values)) continue;
    const found = problem?.(values);
    problems.set(name, found === undefined ? requirement : `${requirement} (${found})`);
  }
  if (!isAuthorityFile(env['NODE_EXTRA_CA_CERTS'])) {
    problems.set('NODE_EXTRA_CA_CERTS', 'the path of a PEM file with the certificates of authorities');
  }
  const { GRAPH_CREDENTIAL, SIGN_IN } = values;
  if (problems.size > 0 || GRAPH_CREDENTIAL === undefined || SIGN_IN === undefined) {
    const lines = [...problems].map(([name, requirement]) => `  ${name}: must be ${requirement}`);
    throw new ConfigError(`Invalid settings:\n${lines.join('\n')}`);
  }
  return { ...values, GRAPH_CREDENTIAL, SIGN_IN };
}

/** The environment of this process, and what the operator should check in it. */
export interface ProcessEnvironment {
  readonly variables: Environment;
  readonly warnings: readonly string[];
}

/**
 * Reads the environment of this process, after loading an `.env` file from the working directory if there is one.
 *
 * @throws {ConfigError} if the file cannot be read
 */
export function readEnvironment(): ProcessEnvironment {
  try {
    const { values, warnings } = readEnvFile('.env');
    for (const [name, value] of Object.entries(values)) process.env[name] ??= value;
    return { variables: process.env, warnings };
  } catch (error) {
    if (error instanceof EncodingError) throw new ConfigError('The file .env must be saved as UTF-8, not as UTF-16.');
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT') throw new ConfigError('The file .env cannot be read.');
    return { variables: process.env, warnings: [] };
  }
}
