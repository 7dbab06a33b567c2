/** Applies on a narrow or zoomed screen, where the page has one column and scrolls as a whole. */
export const narrowScreen = '@media (max-width: 800px)';
/** Applies where the panel of a person's devices is too narrow for columns. */
export const narrowPanel = '@media (max-width: 720px)';
/** Applies on a phone, or with 400 % zoom. */
export const phoneScreen = '@media (max-width: 520px)';
/** Applies on a low screen without touch, such as a small laptop with 125 % zoom: rows are lower, so that more fit. */
export const lowScreen = '@media (max-height: 720px) and (min-width: 521px) and (not (pointer: coarse))';
/** Applies where the user has chosen the colors of all pages. Backgrounds and shadows are not painted. */
export const forcedColors = '@media (forced-colors: active)';
/** Applies where the user prefers dark pages. */
export const darkColors = '@media (prefers-color-scheme: dark)';
