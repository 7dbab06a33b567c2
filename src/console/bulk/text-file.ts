/** Larger files would take hours at Graph's rate limit. */
const maxFileBytes = 10_000_000;

/**
 * Reads a text file in UTF-8 or UTF-16.
 *
 * @throws {Error} with a message for the user, if the file is too large or has another encoding
 */
export async function readTextFile(file: File): Promise<string> {
  if (file.size > maxFileBytes)
    throw new Error('The file is larger than 10 MB. Split it and import the parts one by one.');
  const bytes = await file.arrayBuffer();
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  // Excel's "Unicode Text" is UTF-16.
  const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error('The file is not in UTF-8. In Excel, save it as "CSV UTF-8".');
  }
}
