import { DonutChart } from '@fluentui/react-charts';
import {
  Button,
  Caption1,
  Caption1Strong,
  FluentProvider,
  makeStyles,
  mergeClasses,
  Text,
  tokens,
  useRestoreFocusTarget,
  useUncontrolledFocus,
} from '@fluentui/react-components';
import {
  CheckmarkCircleFilled,
  DismissCircleFilled,
  type FluentIcon,
  SubtractCircleFilled,
  WarningFilled,
} from '@fluentui/react-icons';
import { type ReactNode, useMemo, useState } from 'react';
import type { UserState } from '../queries.js';
import { nameOf } from './shown-states.js';
import { type Outcome, type Statistics, shareText, shortCount, statisticsOf } from './statistics.js';

/** How many people are named under "Most failures". */
const places = 5;
/** In pixels: the picture's parts have a fixed size, so that nothing moves when the charts or more pages arrive. */
const ring = 128;
const hole = 46;
const rowHeight = 26;

interface Look {
  readonly outcome: Outcome;
  readonly label: string;
  /** At least 3:1 against the card, in the light and in the dark theme. */
  readonly color: string;
  /** A shape of its own for each outcome: colour is never the only difference. */
  readonly Icon: FluentIcon;
}

const looks: readonly Look[] = [
  {
    outcome: 'succeeded',
    label: 'All devices succeeded',
    color: tokens.colorStatusSuccessBorderActive,
    Icon: CheckmarkCircleFilled,
  },
  { outcome: 'mixed', label: 'Some failed', color: tokens.colorStatusWarningForeground3, Icon: WarningFilled },
  { outcome: 'failed', label: 'All failed', color: tokens.colorStatusDangerBorderActive, Icon: DismissCircleFilled },
  { outcome: 'none', label: 'No result', color: tokens.colorNeutralForeground4, Icon: SubtractCircleFilled },
];

/** Too narrow for three columns: the totals become a line. */
const narrow = '@container (max-width: 619px)';

const useStyles = makeStyles({
  // The place beside the list of scripts can be narrow on a wide screen: the card's own width decides.
  place: { containerType: 'inline-size' },
  card: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalXL}`,
    boxSizing: 'border-box',
    minHeight: '180px',
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow2,
  },
  heading: { margin: 0, marginBottom: tokens.spacingVerticalXS },
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  quiet: { color: tokens.colorNeutralForeground3 },
  number: { fontVariantNumeric: 'tabular-nums' },

  people: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalM },
  ring: { position: 'relative', width: `${ring}px`, height: `${ring}px`, flexShrink: 0 },
  middle: {
    position: 'absolute',
    inset: 0,
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'center',
  },
  legend: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXXS, width: '140px' },
  entry: { display: 'flex', gap: tokens.spacingHorizontalXS },
  icon: { flexShrink: 0, fontSize: '16px' },
  words: { display: 'flex', flexDirection: 'column' },

  column: { [narrow]: { order: -1, width: '100%' } },
  totals: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXXS,
    margin: 0,
    minWidth: '104px',
    [narrow]: { flexDirection: 'row', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalXL },
  },
  // The name comes first for whoever listens, the number for whoever looks.
  total: {
    display: 'flex',
    flexDirection: 'column-reverse',
    [narrow]: {
      flexDirection: 'row-reverse',
      justifyContent: 'flex-end',
      alignItems: 'baseline',
      gap: tokens.spacingHorizontalXS,
    },
  },
  amount: { margin: 0 },

  worst: { flex: '1 1 160px', minWidth: 0, maxWidth: '560px' },
  rows: { minHeight: `${places * rowHeight}px` },
  row: {
    position: 'relative',
    display: 'flex',
    justifyContent: 'space-between',
    alignItems: 'flex-start',
    gap: tokens.spacingHorizontalS,
    width: '100%',
    minWidth: 0,
    height: `${rowHeight}px`,
    padding: `0 ${tokens.spacingHorizontalXXS}`,
    border: 'none',
    fontWeight: tokens.fontWeightRegular,
  },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  bar: {
    position: 'absolute',
    left: 0,
    bottom: '3px',
    height: '4px',
    // Next to billions, a few are still something.
    minWidth: '2px',
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorStatusDangerBorderActive,
    // Where the system chooses the colours it would take the background away.
    forcedColorAdjust: 'none',
  },
});

interface SummaryProps {
  readonly states: readonly UserState[];
  /** Whether these are all; else more pages are being fetched. */
  readonly complete: boolean;
  readonly onPick: (stateId: string) => void;
}

/** How a script did for everybody, and where it failed the most. */
export function Summary({ states, complete, onPick }: SummaryProps) {
  const styles = useStyles();
  const statistics = useMemo(() => statisticsOf(states, places), [states]);
  const soFar = complete ? '' : ' so far';
  if (statistics.people === 0) return null;
  return (
    <section aria-label="Summary" className={styles.place}>
      <div className={styles.card}>
        <div>
          <Heading>People{soFar}</Heading>
          <People statistics={statistics} />
        </div>
        <div className={styles.column}>
          <Heading>Totals{soFar}</Heading>
          <dl className={styles.totals}>
            <Total name="People" count={statistics.people} />
            <Total name="Devices succeeded" count={statistics.devicesSucceeded} />
            <Total name="Devices failed" count={statistics.devicesFailed} />
          </dl>
        </div>
        <div className={styles.worst}>
          <Heading>Most failed devices{soFar}</Heading>
          <div className={styles.rows}>
            {statistics.worst.length === 0 ? (
              <Text className={styles.quiet}>{`No device has failed${soFar}.`}</Text>
            ) : (
              <Worst worst={statistics.worst} onPick={onPick} />
            )}
          </div>
        </div>
      </div>
    </section>
  );
}

function Heading({ children }: { readonly children: ReactNode }) {
  return (
    <Caption1Strong as="h3" block className={useStyles().heading}>
      {children}
    </Caption1Strong>
  );
}

/**
 * People by outcome. By itself the chart is a list box in which nothing can be chosen, and its tooltips stay when the
 * focus goes. The legend says all that they would, so the chart is a picture here: inert; out of Tabster's control, which
 * would send the Tab key into it and get stuck; and with a document that is shown nowhere, for else its closed tooltip
 * makes Tabster put hidden stops at both ends of the page.
 */
function People({ statistics: { people, outcomes } }: { readonly statistics: Statistics }) {
  const styles = useStyles();
  const data = useMemo(
    () => ({
      chartData: looks.map(({ outcome, label, color }) => ({ legend: label, data: outcomes[outcome], color })),
    }),
    [outcomes],
  );
  const unseen = useUncontrolledFocus();
  const [nowhere] = useState(() => document.implementation.createHTMLDocument(''));
  const share = shareText(outcomes.succeeded, people);
  return (
    <div className={styles.people}>
      <div role="img" aria-label={`All devices succeeded for ${share} of the people`} className={styles.ring}>
        <div inert {...unseen}>
          <FluentProvider targetDocument={nowhere}>
            <DonutChart data={data} width={ring} height={ring} innerRadius={hole} hideLegend hideTooltip />
          </FluentProvider>
        </div>
        <div aria-hidden className={styles.middle}>
          <Text size={500} weight="semibold" className={styles.number}>
            {share}
          </Text>
          <Caption1 className={styles.quiet}>succeeded</Caption1>
        </div>
      </div>
      <ul className={mergeClasses(styles.list, styles.legend)}>
        {looks.map(({ outcome, label, color, Icon }) => (
          <li key={outcome} className={styles.entry}>
            <Icon aria-hidden className={styles.icon} primaryFill={color} />
            <span className={styles.words}>
              <Caption1>{label}</Caption1>
              <Caption1Strong className={styles.number}>
                {`${shortCount(outcomes[outcome])} (${shareText(outcomes[outcome], people)})`}
              </Caption1Strong>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Total({ name, count }: { readonly name: string; readonly count: number }) {
  const styles = useStyles();
  return (
    <div className={styles.total}>
      <dt>
        <Caption1 block className={styles.quiet}>
          {name}
        </Caption1>
      </dt>
      <dd className={styles.amount} title={count.toLocaleString('en')}>
        <Text block size={500} weight="semibold" className={styles.number}>
          {shortCount(count)}
        </Text>
      </dd>
    </div>
  );
}

/**
 * Who has the most failed devices, as buttons with bars. The package's bar chart can not be this: its bars can
 * be pressed by the mouse alone, and every row is two stops for the Tab key.
 */
function Worst({ worst, onPick }: { readonly worst: readonly UserState[]; readonly onPick: SummaryProps['onPick'] }) {
  const styles = useStyles();
  const opener = useRestoreFocusTarget();
  const most = Math.max(...worst.map(({ errorDeviceCount }) => errorDeviceCount));
  return (
    <ol className={styles.list}>
      {worst.map((state) => (
        <li key={state.id}>
          <Button
            {...opener}
            appearance="subtle"
            size="small"
            className={styles.row}
            title={`${nameOf(state)}: ${state.errorDeviceCount.toLocaleString('en')} failed`}
            onClick={() => onPick(state.id)}
          >
            <span className={styles.name}>{nameOf(state)}</span>
            <span className={styles.number}>{shortCount(state.errorDeviceCount)}</span>
            <span aria-hidden className={styles.bar} style={{ width: `${(state.errorDeviceCount / most) * 100}%` }} />
          </Button>
        </li>
      ))}
    </ol>
  );
}
