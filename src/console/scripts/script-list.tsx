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
import type { AllPages } from '../all-pages.js';
import { FailureNotice } from '../failure-notice.js';
import type { ScriptSummary } from '../queries.js';

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
  chosen: {
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
  readonly chosen: string | null;
  readonly onChoose: (id: string) => void;
}

const nameOf = ({ displayName, fileName, id }: ScriptSummary) => displayName ?? fileName ?? id;

/** The scripts of one kind, to be found by a part of their name. */
export function ScriptList({ scripts, chosen, onChoose }: ScriptListProps) {
  const styles = useStyles();
  const [find, setFind] = useState('');
  const { items, complete, failure, refresh } = scripts;
  const chosenItem = useRef<HTMLSpanElement>(null);
  // A script that the address names can be far down, and moves as the list grows.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are when, not what
  useEffect(() => {
    chosenItem.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen, complete]);
  const wanted = find.trim().toLowerCase();
  const found = items
    ?.filter((each) =>
      [each.displayName, each.fileName, each.description].some(
        (text) => text?.toLowerCase().includes(wanted) || wanted === '',
      ),
    )
    .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));

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
      {found === undefined && failure === undefined && (
        <Skeleton aria-label="Fetching the scripts">
          {placeholders.map((name) => (
            <SkeletonItem key={name} size={48} />
          ))}
        </Skeleton>
      )}
      {found !== undefined && (
        <Text size={200} role="status" className={styles.file}>
          {found.length === items?.length ? `${found.length} scripts` : `${found.length} of ${items?.length} scripts`}
          {!complete && failure === undefined && ' so far'}
        </Text>
      )}
      {found?.length === 0 && complete && (
        <Text>{items?.length === 0 ? 'There are no scripts of this kind.' : 'No script is called that.'}</Text>
      )}
      {found !== undefined && found.length > 0 && (
        <List
          className={styles.list}
          aria-label="Scripts"
          navigationMode="items"
          selectionMode="single"
          selectedItems={chosen === null ? [] : [chosen]}
          onSelectionChange={(_event, { selectedItems: [id] }) => typeof id === 'string' && onChoose(id)}
        >
          {found.map((each) => (
            <ListItem
              key={each.id}
              value={each.id}
              checkmark={null}
              className={mergeClasses(styles.item, each.id === chosen && styles.chosen)}
              aria-label={nameOf(each)}
            >
              <Text className={styles.line} weight={each.id === chosen ? 'semibold' : 'regular'}>
                <span ref={each.id === chosen ? chosenItem : undefined} className={styles.name}>
                  {nameOf(each)}
                </span>
              </Text>
              <Text className={mergeClasses(styles.line, styles.file)} size={200}>
                {each.fileName}
              </Text>
            </ListItem>
          ))}
        </List>
      )}
    </section>
  );
}
