import { makeStyles, SearchBox } from '@fluentui/react-components';
import { startTransition, useState } from 'react';
import { narrowScreen } from '../breakpoint.js';

const useStyles = makeStyles({
  // Fluent's search box grows with the focus, which would move the other controls.
  find: { flex: '0 1 200px', minWidth: '130px', [narrowScreen]: { flexGrow: 1 } },
});

interface SearchFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** Finds people by name. What is typed appears at once; the search follows when the page is ready for it. */
export function SearchField({ value, onChange }: SearchFieldProps) {
  const [typed, setTyped] = useState<string>();
  if (typed === value) setTyped(undefined);
  return (
    <SearchBox
      aria-label="Find a person"
      placeholder="Find a person"
      className={useStyles().find}
      value={typed ?? value}
      onChange={(_event, { value: next }) => {
        setTyped(next);
        startTransition(() => onChange(next));
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}
