import type { ScriptSummary } from './queries.js';

/** A script's name as the console shows it: its display name, or that of its file, or its id. */
export const scriptName = ({
  displayName,
  fileName,
  id,
}: Pick<ScriptSummary, 'displayName' | 'fileName' | 'id'>): string => displayName ?? fileName ?? id;
