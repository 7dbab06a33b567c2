import { tokens } from '@fluentui/react-components';
import {
  CheckmarkCircleFilled,
  DismissCircleFilled,
  type FluentIcon,
  SubtractCircleFilled,
  WarningFilled,
} from '@fluentui/react-icons';
import type { PersonOutcome } from './statistics.js';

interface OutcomeStyle {
  readonly outcome: PersonOutcome;
  readonly label: string;
  /** Has a contrast of at least 3:1 against the card, in the light and in the dark theme. */
  readonly color: string;
  /** Each outcome has its own shape: color must not be the only difference (WCAG 1.4.1). */
  readonly Icon: FluentIcon;
}

/** The outcomes in the order of the donut and its legend. */
export const outcomeStyles: readonly OutcomeStyle[] = [
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
