import { type Diagnosis, diagnose } from './diagnosis.js';

/** A failed step that has been reported. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** The result of a step that succeeded. */
export interface StepResult<T> {
  readonly summary: string;
  /** What the operator should check although the step succeeded. */
  readonly advice?: string | undefined;
  readonly value: T;
}

/** The result in the first column: `no` marks what this tenant does not offer. */
type Result = 'ok' | 'no' | 'skip' | 'FAIL';

const textColumn = 19;

/** Prints one line, and the advice below it. */
export function report(result: Result, name: string, text: string, advice?: string): void {
  const lines = [...text.split('\n'), ...(advice?.split('\n').map((line) => `→ ${line}`) ?? [])];
  console.log(`${result.padEnd(5)} ${name.padEnd(12)} ${lines.join(`\n${' '.repeat(textColumn)}`)}`);
}

/** Prints what is wrong, and what to do about it. */
export function reportDiagnosis(result: 'no' | 'FAIL', name: string, { message, advice }: Diagnosis): void {
  report(result, name, message, advice);
}

/** Runs and reports one step. @throws {StepFailed} */
export async function step<T>(name: string, work: () => Promise<StepResult<T>>): Promise<T> {
  try {
    const { summary, advice, value } = await work();
    report('ok', name, summary, advice);
    return value;
  } catch (error) {
    reportDiagnosis('FAIL', name, diagnose(error));
    throw new StepFailed(name);
  }
}
