import { makeStyles, Text, tokens } from '@fluentui/react-components';
import { formatNumber, pluralize } from '../format.js';
import { Isolated } from '../isolated.js';
import type { ScriptRef } from '../queries.js';
import { countFormat } from '../validation.js';
import { isSameScript, type ParsedUpdates } from './updates-csv.js';

const useStyles = makeStyles({
  problems: {
    overflowWrap: 'anywhere',
    ':not(:empty)': {
      borderLeft: `${tokens.strokeWidthThicker} solid ${tokens.colorStatusDangerBorderActive}`,
      paddingLeft: tokens.spacingHorizontalM,
    },
  },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL },
});

const maxShownProblems = 100;

interface ImportPreviewProps {
  readonly script: ScriptRef;
  readonly updates: ParsedUpdates | undefined;
  /** Why the file cannot be read. */
  readonly fileError: string | undefined;
}

/** The problems of a file, or the number of changes that it contains. */
export function ImportPreview({ script, updates, fileError }: ImportPreviewProps) {
  const styles = useStyles();
  const problems = updates?.problems ?? [];
  const more = problems.length - maxShownProblems;
  // Live regions must exist before their text: otherwise some screen readers do not announce it.
  return (
    <>
      <div role="alert" className={styles.problems}>
        {fileError}
        {problems.length > 0 && (
          <>
            <Text block>{pluralize(problems.length, 'problem', 'problems')}. Correct all lines before you send.</Text>
            {problems.some(({ message }) => message.includes(countFormat)) && (
              <Text block>
                A spreadsheet saves numbers as it displays them, such as 1,000.00 or 1.000. Set the format of the count
                columns to “General” there and save the file again.
              </Text>
            )}
            <ul className={styles.list}>
              {problems.slice(0, maxShownProblems).map(({ line, message }) => (
                <li key={`${line} ${message}`}>
                  Line {formatNumber(line)}: <Isolated>{message}</Isolated>
                </li>
              ))}
            </ul>
            {more > 0 && <Text block>and {formatNumber(more)} more</Text>}
          </>
        )}
      </div>
      <div role="status">{updates !== undefined && problems.length === 0 && previewText(updates, script)}</div>
    </>
  );
}

function previewText({ rows, unchanged }: ParsedUpdates, script: ScriptRef): string {
  const inOtherScripts = rows.filter((row) => !isSameScript(script, row)).length;
  const counts = `${pluralize(rows.length, 'change', 'changes')}, ${pluralize(unchanged, 'unchanged line', 'unchanged lines')}.`;
  return [
    rows.length === 0 ? `No changes to send: ${counts}` : counts,
    unchanged > 0 && 'Unchanged lines set no values, or only values that the list already shows. They are not sent.',
    inOtherScripts > 0 &&
      `${pluralize(inOtherScripts, 'change is', 'changes are')} for scripts other than the open one.`,
  ]
    .filter(Boolean)
    .join(' ');
}
