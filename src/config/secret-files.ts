import { secretSettings } from './settings.js';
import { EncodingError, readUtf8File } from './utf8-file.js';

/** The names of the variables with the path of a file that contains a secret. */
export const secretFileNames: readonly string[] = secretSettings.map(fileNameOf);

/** Secrets that were read from files. */
export interface SecretFiles {
  /** By the name of the setting. */
  readonly values: ReadonlyMap<string, string>;
  /** By the name of the variable with the path: what completes "must be …". */
  readonly problems: ReadonlyMap<string, string>;
}

/** The name of the variable with the path of the file for a setting. */
export function fileNameOf(setting: string): string {
  return `${setting}_FILE`;
}

/** Reads the secrets whose variables name a file, as containers mount them. */
export function readSecretFiles(env: Readonly<Record<string, string | undefined>>): SecretFiles {
  const values = new Map<string, string>();
  const problems = new Map<string, string>();
  for (const setting of secretSettings) {
    const name = fileNameOf(setting);
    const path = env[name]?.trim();
    if (!path) continue;
    if (env[setting]?.trim()) {
      problems.set(name, `unset while ${setting} is set`);
      continue;
    }
    try {
      const text = readUtf8File(path).trim();
      if (text === '') problems.set(name, 'the path of a file that is not empty');
      else values.set(setting, text);
    } catch (error) {
      problems.set(name, requirementOf(error));
    }
  }
  return { values, problems };
}

function requirementOf(error: unknown): string {
  if (error instanceof EncodingError) return 'the path of a file in UTF-8';
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return `the path of a file that can be read (${code})`;
}
