import { type Failure, failureOf } from './failure.js';

/** How often a request is sent again after the service could not be reached. */
const maxUnreachable = 2;
/** How often a request is sent again after the time that the service named. */
const maxThrottled = 3;
/** The longest such time for which a list waits, in milliseconds. Graph counts requests over 20 s. */
const maxRetryAfterMs = 60_000;

/** Whether to send a request again. The service itself retries failed requests to Graph. */
export const retryUnreachable = (count: number, error: Error): boolean =>
  count < maxUnreachable && failureOf(error).reason === 'UNREACHABLE';

/** Whether a list waits after a failure and then continues: the service said when. */
export const isTemporary = ({ retryAfterMs = Number.POSITIVE_INFINITY }: Failure): boolean =>
  retryAfterMs <= maxRetryAfterMs;

/** The options of lists. Without them, a long list would stop halfway when Graph's quota is used up. */
export const listRetry = {
  retry: (count: number, error: Error): boolean =>
    isTemporary(failureOf(error)) ? count < maxThrottled : retryUnreachable(count, error),
  retryDelay: (count: number, error: Error): number => failureOf(error).retryAfterMs ?? 1_000 * 2 ** count,
};
