import { Button, DialogActions, DialogContent, makeStyles, Text, tokens } from '@fluentui/react-components';
import { formatNumber, pluralize } from '../format.js';
import { Isolated } from '../isolated.js';
import type { FiledRow } from '../local-changes.js';
import type { ScriptUserState } from '../queries.js';
import { countFields } from '../validation.js';
import { type BulkRow, namesById, personOf } from './bulk-row.js';
import { StepHeading } from './step-heading.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  scroller: { maxHeight: '40vh', overflow: 'auto', flexShrink: 0 },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL, overflowWrap: 'anywhere' },
});

/** A large update could have thousands. */
const maxShownRows = 200;

interface CompletionFormProps {
  readonly filed: readonly FiledRow[];
  readonly known: readonly ScriptUserState[];
  readonly onStart: (rows: readonly BulkRow[]) => void;
  readonly onClose: () => void;
}

/** Sends changes that await approval again, each with its own code. */
export function CompletionForm({ filed, known, onStart, onClose }: CompletionFormProps) {
  const styles = useStyles();
  const names = namesById(known);
  const more = filed.length - maxShownRows;
  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading first>Complete {pluralize(filed.length, 'change', 'changes')}</StepHeading>
        <Text>
          Each change is sent again with its approval code. Changes that are not approved yet continue to await
          approval.
        </Text>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable with the keyboard */}
        <section className={styles.scroller} aria-label="Changes" tabIndex={0}>
          <ul className={styles.list}>
            {filed.slice(0, maxShownRows).map((row) => (
              <li key={row.userStateId}>
                <Isolated>{personOf(row, names)}</Isolated>: <Isolated>{valuesText(row)}</Isolated>
              </li>
            ))}
          </ul>
        </section>
        {more > 0 && <Text>and {formatNumber(more)} more</Text>}
      </DialogContent>
      <DialogActions>
        <Button appearance="primary" onClick={() => onStart(filed)}>
          Start
        </Button>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </>
  );
}

/** The new values: `Devices failed 3, User principal name x`. */
function valuesText({ patch }: FiledRow): string {
  const counts = countFields.flatMap(([field, label]) => {
    const count = patch[field];
    return count === undefined ? [] : [`${label} ${formatNumber(count)}`];
  });
  const { userPrincipalName: name } = patch;
  return [...counts, ...(name === undefined ? [] : [`User principal name ${name}`])].join(', ');
}
