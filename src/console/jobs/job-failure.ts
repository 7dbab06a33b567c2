import { type Failure, failureOf } from '../failure.js';

/** Why a job is not shown. Its id is not an input of the user: the texts for invalid values do not fit. */
export function jobFailure(error: unknown): Failure {
  const { detail: _detail, ...failure } = failureOf(error);
  if (failure.reason !== 'INVALID_INPUT') return failure;
  return {
    ...failure,
    title: 'There is no such job',
    next: 'The service deletes a job some days after its last change, and without Redis when it is restarted. The list of the script shows the current values.',
  };
}
