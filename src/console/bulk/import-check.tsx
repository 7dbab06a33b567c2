import { makeStyles, Text, tokens } from '@fluentui/react-components';
import type { Script } from '../queries.js';
import type { Updates } from './csv-parse.js';
import { countOf, type Row } from './rows.js';

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

/** More at a time is of no use. */
const mostShown = 100;

interface ImportCheckProps {
  readonly script: Script;
  readonly updates: Updates | undefined;
  /** Why the file could not be read. */
  readonly unreadable: string | undefined;
}

/** What came of checking a file: what is wrong with it, or what it would change. */
export function ImportCheck({ script, updates, unreadable }: ImportCheckProps) {
  const styles = useStyles();
  const problems = updates?.problems ?? [];
  const more = problems.length - mostShown;
  // Both are there from the start: what appears together with its words is not read out everywhere.
  return (
    <>
      <div role="alert" className={styles.problems}>
        {unreadable}
        {problems.length > 0 && (
          <>
            <Text block>
              {countOf(problems.length, 'problem', 'problems')}. Nothing is sent until all lines are right.
            </Text>
            <ul className={styles.list}>
              {problems.slice(0, mostShown).map(({ line, message }) => (
                <li key={`${line} ${message}`}>{`Line ${line.toLocaleString('en')}: ${message}`}</li>
              ))}
            </ul>
            {more > 0 && <Text block>and {more.toLocaleString('en')} more</Text>}
          </>
        )}
      </div>
      <div role="status">{updates !== undefined && problems.length === 0 && previewOf(updates, script)}</div>
    </>
  );
}

function previewOf({ rows, unchanged }: Updates, script: Script): string {
  const elsewhere = rows.filter((row) => !isOf(script, row)).length;
  const counts = `${countOf(rows.length, 'change', 'changes')}, ${countOf(unchanged, 'unchanged line', 'unchanged lines')}.`;
  return [
    rows.length === 0 ? `There is nothing to send: ${counts}` : counts,
    unchanged > 0 && 'Unchanged lines ask for nothing, or for what the list shows already; they are not sent.',
    elsewhere > 0 && `${countOf(elsewhere, 'change is', 'changes are')} about other scripts than the open one.`,
  ]
    .filter(Boolean)
    .join(' ');
}

const isOf = (script: Script, row: Row) => row.scriptKind === script.scriptKind && row.scriptId === script.scriptId;
