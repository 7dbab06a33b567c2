/** Applies where the summary is too narrow for three columns: the totals become one line above the others. */
export const narrowSummary = '@container (max-width: 619px)';
