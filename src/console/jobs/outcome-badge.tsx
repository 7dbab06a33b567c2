import { Badge, type BadgeProps } from '@fluentui/react-components';
import { formatNumber } from '../format.js';
import type { RowOutcome } from './job-queries.js';
import { outcomeTexts } from './job-state.js';

const colors = {
  applied: 'success',
  unchanged: 'subtle',
  rejected: 'danger',
  unknown: 'warning',
  'pending-approval': 'warning',
  'not-sent': 'subtle',
  waiting: 'informative',
} as const satisfies Record<RowOutcome, BadgeProps['color']>;

interface OutcomeBadgeProps {
  readonly outcome: RowOutcome;
  /** The number of rows with this outcome, where the badge stands for several. */
  readonly count?: number | undefined;
}

/** The outcome of a row, or of several: `Failed (2)`. */
export function OutcomeBadge({ outcome, count }: OutcomeBadgeProps) {
  return (
    <Badge appearance="tint" color={colors[outcome]}>
      {outcomeTexts[outcome]}
      {count !== undefined && ` (${formatNumber(count)})`}
    </Badge>
  );
}
