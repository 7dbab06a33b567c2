import { makeStyles, mergeClasses, SearchBox } from '@fluentui/react-components';

const useStyles = makeStyles({
  // Fluent's search box grows with the focus, which would move the other controls.
  box: { width: '260px', flexShrink: 0 },
});

interface FindBoxProps {
  /** What it finds, as its name and placeholder. */
  readonly label: string;
  readonly value: string;
  readonly className?: string;
  readonly onChange: (text: string) => void;
}

/** The search of a list. */
export function FindBox({ label, value, className, onChange }: FindBoxProps) {
  return (
    <SearchBox
      aria-label={label}
      placeholder={label}
      className={mergeClasses(useStyles().box, className)}
      // Fluent hides the button of an empty box only visually.
      dismiss={value === '' ? null : { 'aria-label': 'Clear the search' }}
      value={value}
      onChange={(_event, { value: text }) => onChange(text)}
    />
  );
}
