import { Caption1Strong, makeStyles, Text, tokens } from '@fluentui/react-components';
import { Link } from '@tanstack/react-router';
import { useId } from 'react';
import { forcedColors, narrowScreen } from '../breakpoint.js';
import { formatNumber, formatShort } from '../format.js';
import { Isolated } from '../isolated.js';
import { scriptName } from '../script-name.js';
import type { OverviewScript } from './script-outcome.js';

const useStyles = makeStyles({
  worst: { minWidth: 0 },
  list: { margin: `${tokens.spacingVerticalXS} 0 0`, padding: 0, listStyleType: 'none' },
  row: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 3fr) minmax(60px, 4fr) 170px',
    [narrowScreen]: { gridTemplateColumns: 'minmax(0, 1fr) auto', rowGap: 0 },
    gap: tokens.spacingHorizontalM,
    alignItems: 'center',
    padding: `1px ${tokens.spacingHorizontalXS}`,
    borderRadius: tokens.borderRadiusSmall,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover, textDecorationLine: 'underline' },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  track: { height: '10px', [narrowScreen]: { order: 3, gridColumn: '1 / -1', height: '4px' } },
  bar: {
    display: 'block',
    height: '100%',
    // Keeps small counts visible beside very large ones.
    minWidth: '2px',
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorStatusDangerBackground3,
    // Forced colors would remove the background.
    [forcedColors]: { forcedColorAdjust: 'none', backgroundColor: 'CanvasText' },
  },
  count: { fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' },
  none: { color: tokens.colorNeutralForeground3 },
});

interface WorstScriptsProps {
  /** Most failures first. */
  readonly scripts: readonly OverviewScript[];
  readonly soFar: string;
}

/** The scripts that fail on the most devices, as bars that lead to their failures. */
export function WorstScripts({ scripts, soFar }: WorstScriptsProps) {
  const styles = useStyles();
  const headingId = useId();
  const most = Math.max(1, scripts[0]?.summary?.errorDeviceCount ?? 0);
  return (
    <div className={styles.worst}>
      <Caption1Strong as="h2" block id={headingId}>{`Most failures${soFar}`}</Caption1Strong>
      {scripts.length === 0 && <Text className={styles.none}>{`No script has failed${soFar}.`}</Text>}
      <ol aria-labelledby={headingId} className={styles.list}>
        {scripts.map((script) => {
          const { errorDeviceCount = 0, errorUserCount = 0 } = script.summary ?? {};
          return (
            <li key={`${script.scriptKind} ${script.id}`}>
              <Link
                to="/scripts/$scriptKind/$scriptId"
                params={{ scriptKind: script.scriptKind, scriptId: script.id }}
                search={{ view: 'errors' }}
                className={styles.row}
              >
                <span className={styles.name}>
                  <Isolated>{scriptName(script)}</Isolated>
                </span>
                <span className={styles.track} aria-hidden>
                  <span className={styles.bar} style={{ width: `${(errorDeviceCount / most) * 100}%` }} />
                </span>
                <span
                  className={styles.count}
                  title={`${formatNumber(errorDeviceCount)} devices, ${formatNumber(errorUserCount)} people`}
                >
                  {`${formatShort(errorDeviceCount)} ${errorDeviceCount === 1 ? 'device' : 'devices'}, `}
                  {`${formatShort(errorUserCount)} ${errorUserCount === 1 ? 'person' : 'people'}`}
                </span>
              </Link>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
