import { rules } from './config/rules.js';
import { type Settings, settings, settingsSchema } from './config/settings.js';

/** The settings of the service, with defaults applied. */
export type Config = Readonly<Settings> & {
  readonly GRAPH_CREDENTIAL: NonNullable<Settings['GRAPH_CREDENTIAL']>;
  readonly SIGN_IN: NonNullable<Settings['SIGN_IN']>;
};

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The names of all settings, in the order of the documentation. */
export const settingNames: readonly string[] = Object.keys(settings);

/** An invalid environment. `message` names each invalid variable with its requirement, and contains no values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings from an environment. An empty variable counts as not set.
 *
 * @throws {ConfigError} with all problems at once
 */
export function loadConfig(env: Environment): Config {
  const given = Object.fromEntries(settingNames.map((name) => [name, env[name]?.trim() || undefined]));
  const invalid = new Set(settingsSchema.safeParse(given).error?.issues.map(({ path }) => String(path[0])));
  // Check the rules too, with the invalid settings at their defaults.
  const values = settingsSchema.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !invalid.has(name))));
  if (!invalid.has('GRAPH_CREDENTIAL')) {
    if (values.NODE_ENV !== 'production') values.GRAPH_CREDENTIAL ??= 'simulator';
    if (!invalid.has('SIGN_IN')) values.SIGN_IN ??= values.GRAPH_CREDENTIAL === 'simulator' ? 'off' : 'oidc';
  }
  const problems = new Map<string, string>();
  for (const [name, { description = '' }] of Object.entries(settings)) {
    if (invalid.has(name)) problems.set(name, description);
  }
  for (const { name, requirement, problem, isBroken } of rules) {
    if (problems.has(name) || !isBroken(values)) continue;
    const found = problem?.(values);
    problems.set(name, found === undefined ? requirement : `${requirement} (${found})`);
  }
  const { GRAPH_CREDENTIAL, SIGN_IN } = values;
  if (problems.size > 0 || GRAPH_CREDENTIAL === undefined || SIGN_IN === undefined) {
    const lines = [...problems].map(([name, requirement]) => `  ${name}: must be ${requirement}`);
    throw new ConfigError(`Invalid settings:\n${lines.join('\n')}`);
  }
  return { ...values, GRAPH_CREDENTIAL, SIGN_IN };
}

/** Reads the environment of this process, after loading an `.env` file from the working directory if there is one. */
export function readEnvironment(): Environment {
  try {
    process.loadEnvFile();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw new ConfigError('The file .env cannot be read.');
    }
  }
  return process.env;
}
