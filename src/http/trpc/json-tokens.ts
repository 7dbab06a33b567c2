const [quote, backslash] = [0x22, 0x5c];

/** The bytes of `,`, `:`, `[` and `{`: each value of a document has at least one of them before it. */
const structural = Uint8Array.from({ length: 256 }, (_each, byte) =>
  ',:[{'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * Creates a counter of the structural characters of a JSON text outside its strings. They determine the time that
 * `JSON.parse` needs, during which no other request proceeds: 1.4 million empty objects fit into 4 MiB.
 *
 * @returns a function that takes the next part of the text, and returns the count so far
 */
export function createJsonTokenCounter(): (chunk: Uint8Array) => number {
  let count = 0;
  let isInString = false;
  let isEscaped = false;
  return (chunk) => {
    for (const byte of chunk) {
      if (!isInString) {
        if (byte === quote) isInString = true;
        else count += structural[byte] ?? 0;
      } else if (isEscaped) isEscaped = false;
      else if (byte === backslash) isEscaped = true;
      else if (byte === quote) isInString = false;
    }
    return count;
  };
}
