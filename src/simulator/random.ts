/** A pseudo-random generator: the same seed yields the same values in the same order. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, `limit`). */
  below(limit: number): number;
  /** One of `items`. @throws {RangeError} if `items` is empty */
  pick<T>(items: readonly T[]): T;
  /** A version 4 UUID (RFC 9562). */
  guid(): string;
}

/** Creates a generator: Tommy Ettinger's mulberry32, with 32 bits of state. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  function bits(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  const next = () => bits() / 2 ** 32;
  const below = (limit: number) => Math.floor(next() * limit);

  return {
    next,
    below,
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('items must not be empty');
      return item;
    },
    guid() {
      const hex = Array.from({ length: 4 }, () => bits().toString(16).padStart(8, '0')).join('');
      const variant = '89ab'.charAt(below(4));
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        `4${hex.slice(13, 16)}`,
        variant + hex.slice(17, 20),
        hex.slice(20),
      ].join('-');
    },
  };
}

/** Returns a shuffled copy of `items` (Fisher–Yates). */
export function shuffle<T>(items: readonly T[], random: Random): readonly T[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(random.below(rest.length), 1));
}
