/** Applies on a narrow or zoomed screen, where the page has one column and scrolls as a whole. */
export const narrowScreen = '@media (max-width: 800px)';
