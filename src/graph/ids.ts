/** The kinds of script that have user run states: for macOS and Linux, for Windows, and macOS custom attributes. */
export const scriptKinds = ['deviceShellScript', 'deviceManagementScript', 'deviceCustomAttributeShellScript'] as const;

/** One of {@link scriptKinds}. */
export type ScriptKind = (typeof scriptKinds)[number];

/** Identifies a script. */
export interface ScriptRef {
  /** `deviceShellScript` for macOS and Linux, `deviceManagementScript` for Windows. */
  readonly scriptKind: ScriptKind;
  readonly scriptId: string;
}

/** Identifies the run state of one person for one script. */
export interface StateRef extends ScriptRef {
  /** `<script id>:<user id>`. */
  readonly userStateId: string;
}

/**
 * The ids that are accepted: any string of a safe alphabet. Real ids are `<guid>:<guid>`, but the documentation has ids
 * that are not valid GUIDs. An empty id would collapse the path, which would then identify another resource.
 */
export const idPattern = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,256}$/;
