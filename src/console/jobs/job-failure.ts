import { type Failure, failureOf } from '../failure.js';

/** Why a job cannot be shown. The user did not enter its id, so the texts for invalid input do not apply. */
export function jobFailure(error: unknown): Failure {
  const { detail: _detail, ...failure } = failureOf(error);
  if (failure.reason !== 'INVALID_INPUT') return failure;
  return {
    ...failure,
    title: 'The job does not exist',
    next: 'Jobs are deleted some days after they end. If the service does not store jobs, a restart deletes them too. Open the script to see the current values.',
  };
}
