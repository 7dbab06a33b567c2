import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import type { ScriptKind } from './queries.js';

/** The kinds of script, as Intune's administrators call them. */
export const scriptKinds = [
  ['deviceManagementScript', 'PowerShell', 'Windows'],
  ['deviceShellScript', 'Shell', 'macOS and Linux'],
  ['deviceCustomAttributeShellScript', 'Custom attributes', 'macOS'],
] as const satisfies readonly (readonly [ScriptKind, string, string])[];

/** What the table can be sorted by. */
export const columns = ['person', 'succeeded', 'failed', 'share'] as const;
export type Column = (typeof columns)[number];

const parsers = {
  kind: parseAsStringLiteral(scriptKinds.map(([kind]) => kind)).withDefault('deviceManagementScript'),
  script: parseAsString,
  /** The user state whose devices are shown. */
  state: parseAsString,
  find: parseAsString.withDefault(''),
  errors: parseAsBoolean.withDefault(false),
  sort: parseAsStringLiteral(columns).withDefault('failed'),
  ascending: parseAsBoolean.withDefault(false),
};

/** What is shown, kept in the page's address: it can be shared, and survives a sign-in. */
export const useAddress = () => useQueryStates(parsers);
export type Address = ReturnType<typeof useAddress>[0];
