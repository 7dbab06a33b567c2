/** On how many of a person's devices a script succeeded or failed: the state that Graph keeps per script and person. */
export interface ScriptUserState {
  id: string;
  successDeviceCount: number;
  errorDeviceCount: number;
  /** `null` for a person who was deleted from the directory. */
  userPrincipalName: string | null;
}
