import { makeStyles, Text, tokens } from '@fluentui/react-components';
import type { CsvProblem } from '../csv/csv-reader.js';
import { formatNumber } from '../format.js';
import { Isolated } from '../isolated.js';
import { countFormat } from '../validation.js';

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

/** The problems of a CSV file, by line. */
export function ImportProblems({ problems }: { readonly problems: readonly CsvProblem[] }) {
  const styles = useStyles();
  const more = problems.length - maxShownProblems;
  // Live regions must exist before their text: otherwise some screen readers do not announce it.
  return (
    <div role="alert" className={styles.problems}>
      {problems.length > 0 && (
        <>
          {problems.some(({ message }) => message.includes(countFormat)) && (
            <Text block>
              A spreadsheet saves numbers as it displays them, such as 1,000.00 or 1.000. Set the format of the count
              columns to “General” and save the file again.
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
  );
}
