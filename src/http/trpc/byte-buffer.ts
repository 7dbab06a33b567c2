const initialBytes = 4 * 1024;

/** A buffer that grows. */
export interface ByteBuffer {
  /** The number of bytes in it. */
  readonly size: number;
  /** Returns false, and appends nothing, if the limit would be exceeded. */
  append(chunk: Uint8Array): boolean;
  bytes(): Buffer;
}

/**
 * Creates an empty buffer. A list of chunks would take 100 times their size if a client sends single bytes.
 */
export function createByteBuffer(maxBytes: number): ByteBuffer {
  let buffer = Buffer.alloc(0);
  let size = 0;
  return {
    get size() {
      return size;
    },
    append(chunk) {
      const needed = size + chunk.length;
      if (needed > maxBytes) return false;
      if (needed > buffer.length) {
        const grown = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(initialBytes, needed, 2 * buffer.length)));
        grown.set(buffer.subarray(0, size));
        buffer = grown;
      }
      buffer.set(chunk, size);
      size = needed;
      return true;
    },
    bytes: () => buffer.subarray(0, size),
  };
}
