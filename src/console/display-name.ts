import type { ScriptUserState } from './queries.js';

/** A person's name as the console shows it: the user principal name, or the id of the state when Graph has no name. */
export const displayName = ({ userPrincipalName, id }: ScriptUserState): string =>
  userPrincipalName ?? `(no name) ${id}`;
