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

/**
 * Names of machines, which may be in capitals, and paths of files. Permissions, such as `A.Read.All`, are in mixed
 * case.
 */
const internalName = /\\|[A-Z0-9-]+(?:\.[A-Z0-9-]+){2,}|\.(?:corp|internal|intranet|lan|local)(?![a-z])/;

/** Whether a word is neither the address of a machine or a person, nor long enough to be a token. */
function isSafeWord(word: string): boolean {
  const isAddress = /@|:\/\/|:\d|\d\.\d+\.\d|[a-z0-9-]+(\.[a-z0-9-]+){2,}/.test(word);
  return word.length < 48 && !isAddress && !internalName.test(word);
}
