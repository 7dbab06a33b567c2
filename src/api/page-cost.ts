/**
 * How many calls take as much memory as one page of jobs, rows or activities: with Redis, up to 500 of them are
 * decrypted for it.
 */
export const callsPerPage = 40;
