import { makeStyles, tokens } from '@fluentui/react-components';
import {
  CheckmarkCircleFilled,
  DismissCircleFilled,
  type FluentIcon,
  SubtractCircleFilled,
  WarningFilled,
} from '@fluentui/react-icons';
import { forcedColors } from '../breakpoint.js';
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

/** In forced colors: the worse an outcome is, the thicker is its segment of the donut. */
const forced = (color: string, strokeWidth: string) => ({
  [forcedColors]: { forcedColorAdjust: 'none' as const, color, strokeWidth },
});

/**
 * The color of each outcome, for `currentColor`. It has a contrast of at least 3:1 against the card, in the light and in
 * the dark theme.
 */
export const useOutcomeColors = makeStyles({
  succeeded: { color: tokens.colorStatusSuccessBorderActive, ...forced('Highlight', '6px') },
  mixed: { color: tokens.colorStatusWarningForeground3, ...forced('CanvasText', '12px') },
  failed: { color: tokens.colorStatusDangerBorderActive, ...forced('CanvasText', '18px') },
  none: { color: tokens.colorNeutralForeground4, ...forced('GrayText', '3px') },
});
