import type { ScriptRef } from './queries.js';
import { scriptName } from './script-name.js';
import { useScript } from './use-script.js';

/** The name of a script; its id until the name is known. */
export function useScriptName(script: ScriptRef): string {
  const summary = useScript(script);
  return summary === undefined ? script.scriptId : scriptName(summary);
}
