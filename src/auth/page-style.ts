/**
 * The style of the pages that the service renders itself. They use the colors of the console, but none of its files: a
 * sign-in can fail where the console has not been built.
 *
 * @see https://react.fluentui.dev/?path=/docs/theme-colors--docs
 */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #fafafa; --card: #fff; --text: #242424; --subtle: #616161; --shadow: rgb(0 0 0 / 14%);
  --link: #115ea3; --action: #0f6cbd; --hover: #115ea3; --pressed: #0c3b5e; --focus: #000;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #1f1f1f; --card: #292929; --text: #fff; --subtle: #adadad; --shadow: rgb(0 0 0 / 28%);
    --link: #479ef5; --action: #115ea3; --hover: #0f6cbd; --focus: #fff;
  }
}
* { box-sizing: border-box; }
body {
  display: flex; min-height: 100vh; margin: 0; padding: 24px;
  background: var(--page); color: var(--text);
  font: 14px/20px 'Segoe UI', 'Segoe UI Web (West European)', -apple-system, BlinkMacSystemFont, Roboto, 'Helvetica Neue', sans-serif;
  overflow-wrap: anywhere;
}
main {
  display: flex; flex-direction: column; gap: 16px; width: 420px; max-width: 100%; margin: auto; padding: 32px;
  border: 1px solid transparent; border-radius: 4px;
  background: var(--card); box-shadow: 0 0 2px var(--shadow), 0 2px 4px var(--shadow);
}
svg { display: block; width: 48px; height: 48px; }
h1, p { margin: 0; }
h1 { font-size: 28px; line-height: 36px; font-weight: 600; }
a { border-radius: 4px; color: var(--link); }
a:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
nav { display: flex; flex-direction: column; gap: 16px; text-align: center; }
nav a:first-child {
  padding: 9px 16px; border: 1px solid transparent;
  background: var(--action); color: #fff; font-size: 16px; line-height: 22px; font-weight: 600; text-decoration: none;
}
nav a:first-child:hover { background: var(--hover); }
nav a:first-child:active { background: var(--pressed); }
footer { color: var(--subtle); font-size: 12px; line-height: 16px; }
@media (max-width: 480px) { body { padding: 12px; } main { padding: 24px; } }
`;
