const notAscii = /[^\0-~]/;

/** Controls beyond those that JSON escapes, formats (bidirectional and zero-width ones), and separators. */
const invisible = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Escapes the invisible characters in a line of JSON, in which a reader would not see them, and which could change the
 * order of the characters that a terminal shows.
 */
export function escapeInvisible(line: string): string {
  // Few lines contain any of them.
  if (!notAscii.test(line)) return line;
  return line.replaceAll(invisible, (character) =>
    character.replaceAll(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
