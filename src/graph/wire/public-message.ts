/** Generic messages. An inner error may have a more specific one. */
const generic = /^(?:an? )?(?:unknown |internal (?:server )?)?error has occurred\.?$|^exception of type\b/i;

/** Selects the message that is meant for users, and removes operation ids, addresses, names and tokens from it. */
export function publicMessageOf(texts: readonly string[]): string {
  const messages = texts.map(redactForUsers).filter((message) => message !== '');
  return messages.find((message) => !generic.test(message)) ?? messages[0] ?? '';
}

function redactForUsers(text: string): string {
  if (/[<{]/.test(text)) return '';
  return text
    .replaceAll(/\S+/g, (word) => (isSafeWord(word) ? word : '…'))
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 400);
}

/** Whether a word is neither the address of a machine or a person, nor long enough to be a token. */
function isSafeWord(word: string): boolean {
  return word.length < 48 && !/@|:\/\/|:\d|\d\.\d+\.\d|[a-z0-9-]+(\.[a-z0-9-]+){2,}/.test(word);
}
