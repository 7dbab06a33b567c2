import {
  Button,
  List,
  ListItem,
  makeStyles,
  mergeClasses,
  SearchBox,
  Skeleton,
  SkeletonItem,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useEffect, useRef, useState } from 'react';
import { FailureNotice } from '../failure-notice.js';
import { formatNumber, pluralize } from '../format.js';
import { idKey, isSameId } from '../ids.js';
import { Isolated, visibleText } from '../isolated.js';
import type { ScriptSummary } from '../queries.js';
import { UnreadableNotice } from '../unreadable-notice.js';
import type { AllPages } from '../use-all-pages.js';

const useStyles = makeStyles({
  pane: {
    display: 'flex',
    flexDirection: 'column',
    minHeight: 0,
    minWidth: 0,
    gap: tokens.spacingVerticalS,
    padding: tokens.spacingHorizontalM,
    backgroundColor: tokens.colorNeutralBackground1,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  find: { maxWidth: 'none', width: '100%', flexShrink: 0 },
  list: { overflowY: 'auto', minHeight: 0, flexGrow: 1 },
  item: {
    display: 'block',
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalS}`,
    borderRadius: tokens.borderRadiusMedium,
    borderLeft: `3px solid transparent`,
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
  },
  selected: {
    backgroundColor: tokens.colorNeutralBackground1Selected,
    borderLeftColor: tokens.colorCompoundBrandStroke,
  },
  line: {
    display: 'block',
    scrollMarginBlock: '32px',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  },
  name: { scrollMarginBlock: '32px' },
  file: { color: tokens.colorNeutralForeground3 },
});

const placeholders = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

interface ScriptListProps {
  readonly scripts: AllPages<ScriptSummary>;
  readonly selected: string | null;
  readonly onSelect: (id: string) => void;
}

const scriptName = ({ displayName, fileName, id }: ScriptSummary) => displayName ?? fileName ?? id;

/** The scripts of one kind, with a search box. */
export function ScriptList({ scripts, selected, onSelect }: ScriptListProps) {
  const styles = useStyles();
  const [find, setFind] = useState('');
  const { items, unreadable, complete, failure, refresh } = scripts;
  const selectedItem = useRef<HTMLSpanElement>(null);
  // A script selected by the URL can be out of view, and moves while more pages arrive.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these values only trigger the effect
  useEffect(() => {
    selectedItem.current?.scrollIntoView({ block: 'nearest' });
  }, [selected, complete]);
  const isSelected = ({ id }: ScriptSummary) => selected !== null && isSameId(id, selected);
  const search = find.trim().toLowerCase();
  const matches = items
    ?.filter((each) =>
      [each.displayName, each.fileName, each.description].some(
        (text) => text?.toLowerCase().includes(search) || search === '',
      ),
    )
    .toSorted((a, b) => scriptName(a).localeCompare(scriptName(b)));

  return (
    <section aria-label="Scripts" className={styles.pane}>
      <SearchBox
        aria-label="Find a script"
        placeholder="Find a script"
        className={styles.find}
        value={find}
        onChange={(_event, { value }) => setFind(value)}
      />
      {failure !== undefined && (
        <FailureNotice failure={failure}>
          <Button onClick={refresh}>Try again</Button>
        </FailureNotice>
      )}
      <UnreadableNotice count={unreadable} />
      {matches === undefined && failure === undefined && (
        <Skeleton aria-label="Loading scripts">
          {placeholders.map((name) => (
            <SkeletonItem key={name} size={48} />
          ))}
        </Skeleton>
      )}
      {matches !== undefined && (
        <Text size={200} role="status" className={styles.file}>
          {matches.length === items?.length
            ? pluralize(matches.length, 'script', 'scripts')
            : `${formatNumber(matches.length)} of ${pluralize(items?.length ?? 0, 'script', 'scripts')}`}
          {!complete && failure === undefined && ' so far'}
        </Text>
      )}
      {matches?.length === 0 && complete && (items?.length !== 0 || unreadable === 0) && (
        <Text>{items?.length === 0 ? 'There are no scripts of this kind.' : 'No scripts match your search.'}</Text>
      )}
      {matches !== undefined && matches.length > 0 && (
        <List
          className={styles.list}
          aria-label="Scripts"
          navigationMode="items"
          selectionMode="single"
          selectedItems={matches.filter(isSelected).map(({ id }) => id)}
          onSelectionChange={(_event, { selectedItems: [id] }) => typeof id === 'string' && onSelect(id)}
        >
          {matches.map((each) => (
            <ListItem
              key={idKey(each.id)}
              value={each.id}
              checkmark={null}
              className={mergeClasses(styles.item, isSelected(each) && styles.selected)}
              aria-label={visibleText(scriptName(each))}
            >
              <Text className={styles.line} weight={isSelected(each) ? 'semibold' : 'regular'}>
                <span ref={isSelected(each) ? selectedItem : undefined} className={styles.name}>
                  <Isolated>{scriptName(each)}</Isolated>
                </span>
              </Text>
              <Text className={mergeClasses(styles.line, styles.file)} size={200}>
                <Isolated>{each.fileName ?? ''}</Isolated>
              </Text>
            </ListItem>
          ))}
        </List>
      )}
    </section>
  );
}
