/**
 * The results of concurrent reads, in order. Waits for all of them even if one fails, so that none outlives its call.
 *
 * @throws the first failure
 */
export async function awaitAll<T>(reads: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(reads);
  return Promise.all(reads);
}
