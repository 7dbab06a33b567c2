import { useState } from 'react';

const keyOf = (name: string) => `script-states.${name}`;

/** Browsers can deny access to their storage. A preference then lasts as long as its component. */
function read(name: string): string | null {
  try {
    return localStorage.getItem(keyOf(name));
  } catch {
    return null;
  }
}

/**
 * A choice of the user for this browser. It is not part of the address, which is shared with others.
 *
 * @returns the stored text, `null` if there is none, and a function that stores another one
 */
export function usePreference(name: string): readonly [string | null, (value: string) => void] {
  const [known, setKnown] = useState(() => ({ name, value: read(name) }));
  const store = (next: string) => {
    setKnown({ name, value: next });
    try {
      localStorage.setItem(keyOf(name), next);
    } catch {
      // The choice still applies until the page is closed.
    }
  };
  return [known.name === name ? known.value : read(name), store];
}
