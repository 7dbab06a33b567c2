/** Larger files would take hours at Graph's rate limit. */
const maxFileBytes = 10_000_000;

/** The first bytes of a workbook, which is a ZIP archive. */
const zipSignature = [0x50, 0x4b, 0x03, 0x04];

/** The byte order marks of encodings other than UTF-8. */
const byteOrderMarks = [
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
] as const;

/**
 * Reads a text file in UTF-8 or UTF-16.
 *
 * @throws {Error} with a message for the user, if the file is too large or has another encoding
 */
export async function readTextFile(file: Blob): Promise<string> {
  if (file.size > maxFileBytes)
    throw new Error('The file is larger than 10 MB. Split it and import the parts one by one.');
  const bytes = new Uint8Array(await file.arrayBuffer());
  const beginsWith = (signature: readonly number[]) => signature.every((byte, index) => bytes[index] === byte);
  if (beginsWith(zipSignature)) {
    throw new Error('The file is a workbook. In Excel, save it as “CSV UTF-8” and import that file.');
  }
  // Excel's "Unicode Text" is UTF-16.
  const [encoding] = byteOrderMarks.find(([, mark]) => beginsWith(mark)) ?? ['utf-8'];
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error('The file is not in UTF-8. In Excel, save it as “CSV UTF-8”.');
  }
}
