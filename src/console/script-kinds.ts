import type { RouterInputs } from '../client/index.js';

type ScriptKind = RouterInputs['script']['list']['scriptKind'];

/** The kinds of script with their names and platforms, as Intune's admin center shows them. */
export const scriptKindTexts = {
  deviceManagementScript: { name: 'PowerShell', platform: 'Windows' },
  deviceShellScript: { name: 'Shell', platform: 'macOS and Linux' },
  deviceCustomAttributeShellScript: { name: 'Custom attribute', platform: 'macOS' },
} as const satisfies Record<ScriptKind, { readonly name: string; readonly platform: string }>;

/** All kinds of script, in the order in which they are listed. */
export const scriptKinds = ['deviceManagementScript', 'deviceShellScript', 'deviceCustomAttributeShellScript'] as const;
