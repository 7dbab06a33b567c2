/**
 * Invisible characters: controls, format characters (bidirectional ones included), blank letters, and lone surrogates.
 * Line ends, tabs and the joiners within an emoji are not among them.
 */
const invisible =
  /(?![\n\r\t])(?!(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?)\u200d\p{Extended_Pictographic})(?:[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|\u034f)/gu;

const mark = (character: string) => `⟨U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** A text that others have chosen, with a mark such as `⟨U+202E⟩` in place of each invisible character. */
export function visibleText(text: string): string {
  return text.replaceAll(invisible, mark);
}

/** A text that others have chosen. Its direction does not change that of the text around it. */
export function Isolated({ children }: { readonly children: string }) {
  return <bdi>{visibleText(children)}</bdi>;
}
