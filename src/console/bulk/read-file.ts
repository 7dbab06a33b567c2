/** More is no list of changes: at Graph's pace it would be hours of work. */
const maxBytes = 10_000_000;

/**
 * The text of a file.
 *
 * @throws {Error} with words for people, when it is too large or not in Unicode: names would be spoiled
 */
export async function readFile(file: File): Promise<string> {
  if (file.size > maxBytes)
    throw new Error('This file is larger than 10 MB. Split it and send one part after another.');
  const bytes = await file.arrayBuffer();
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  // Excel's "Unicode Text".
  const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error('This file is not in UTF-8. In Excel, save it as "CSV UTF-8".');
  }
}
