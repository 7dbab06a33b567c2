import { readFileSync } from 'node:fs';

/** A file that has another encoding than UTF-8. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError';
}

/**
 * Reads a text file without its byte order mark.
 *
 * @throws {EncodingError} if it is not UTF-8. UTF-16 without a byte order mark is recognized by its NUL characters
 * @throws the error of the file system, with a `code`
 */
export function readUtf8File(path: string): string {
  const bytes = readFileSync(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new EncodingError('the file is not UTF-8', { cause });
  }
  if (text.includes('\0')) throw new EncodingError('the file is not UTF-8');
  return text;
}
