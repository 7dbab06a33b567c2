import { makeStyles, tokens } from '@fluentui/react-components';
import { forcedColors } from '../breakpoint.js';

/** Sizes in pixels. */
const size = 128;
const innerRadius = 46;
const strokeWidth = size / 2 - innerRadius;
const radius = innerRadius + strokeWidth / 2;
/** Between segments, as a share of the circumference. */
const gap = 0.008;

const useStyles = makeStyles({
  donut: { display: 'block', flexShrink: 0 },
  number: {
    fill: tokens.colorNeutralForeground1,
    [forcedColors]: { fill: 'CanvasText' },
    fontSize: tokens.fontSizeBase500,
    fontWeight: tokens.fontWeightSemibold,
    fontVariantNumeric: 'tabular-nums',
  },
  caption: {
    fill: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    [forcedColors]: { fill: 'CanvasText' },
  },
});

interface DonutProps {
  /** The class of a segment sets its color. */
  readonly segments: readonly { readonly key: string; readonly count: number; readonly className: string }[];
  /** Describes the chart to screen readers. */
  readonly label: string;
  readonly number: string;
  readonly caption: string;
}

/** A donut chart with a number in its center. The segments start at the top and run clockwise. */
export function Donut({ segments, label, number, caption }: DonutProps) {
  const styles = useStyles();
  const total = segments.reduce((sum, { count }) => sum + count, 0);
  const gapCount = segments.some(({ count }) => count === total) ? 0 : total * gap;
  let before = 0;
  return (
    <svg role="img" aria-label={label} width={size} height={size} className={styles.donut}>
      <g fill="none" strokeWidth={strokeWidth} transform={`rotate(-90 ${size / 2} ${size / 2})`}>
        {segments.map(({ key, count, className }) => {
          const offset = -before;
          before += count;
          return (
            count > 0 && (
              <circle
                key={key}
                cx={size / 2}
                cy={size / 2}
                r={radius}
                pathLength={total}
                strokeDasharray={`${Math.max(count - gapCount, gapCount / 2)} ${total}`}
                strokeDashoffset={offset}
                className={className}
                stroke="currentColor"
              />
            )
          );
        })}
      </g>
      <text aria-hidden x="50%" y="50%" textAnchor="middle" className={styles.number}>
        {number}
      </text>
      <text aria-hidden x="50%" y="50%" dy="1.4em" textAnchor="middle" className={styles.caption}>
        {caption}
      </text>
    </svg>
  );
}
