import { makeStyles, tokens } from '@fluentui/react-components';
import {
  CheckmarkCircleFilled,
  DismissCircleFilled,
  type FluentIcon,
  SubtractCircleFilled,
  WarningFilled,
} from '@fluentui/react-icons';
import { outcomeLabels, type PersonOutcome } from './statistics.js';

interface OutcomeStyle {
  readonly outcome: PersonOutcome;
  readonly label: string;
  /** Each outcome has its own shape: color must not be the only difference (WCAG 1.4.1). */
  readonly Icon: FluentIcon;
}

/** The outcomes in the order of the donut and its legend. */
export const outcomeStyles: readonly OutcomeStyle[] = [
  { outcome: 'succeeded', label: outcomeLabels.succeeded, Icon: CheckmarkCircleFilled },
  { outcome: 'mixed', label: outcomeLabels.mixed, Icon: WarningFilled },
  { outcome: 'failed', label: outcomeLabels.failed, Icon: DismissCircleFilled },
  { outcome: 'none', label: outcomeLabels.none, Icon: SubtractCircleFilled },
];

const forcedColors = '@media (forced-colors: active)';

/**
 * The color of each outcome, for `currentColor`. It has a contrast of at least 3:1 against the card, in the light and in
 * the dark theme. Forced colors have four colors that differ from their background and from each other.
 */
export const useOutcomeColors = makeStyles({
  succeeded: {
    color: tokens.colorStatusSuccessBorderActive,
    [forcedColors]: { forcedColorAdjust: 'none', color: 'Highlight' },
  },
  mixed: {
    color: tokens.colorStatusWarningForeground3,
    [forcedColors]: { forcedColorAdjust: 'none', color: 'LinkText' },
  },
  failed: {
    color: tokens.colorStatusDangerBorderActive,
    [forcedColors]: { forcedColorAdjust: 'none', color: 'CanvasText' },
  },
  none: { color: tokens.colorNeutralForeground4, [forcedColors]: { forcedColorAdjust: 'none', color: 'GrayText' } },
});
