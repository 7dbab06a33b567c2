import { people } from '../people.js';

/** The login page: one form with a button for every person, and one to cancel. */
export function loginPage(): string {
  const buttons = people.map(
    ({ key, name, preferredUsername, about }) =>
      `<li><button name="person" value="${escapeHtml(key)}">${escapeHtml(name)} (${escapeHtml(about)})</button> ${escapeHtml(preferredUsername)}</li>`,
  );
  return page(
    'Sign in',
    `<p>A simulated identity provider. These people are made up; there are no passwords.</p>
<form method="post">
<ul>
${buttons.join('\n')}
</ul>
<p><button name="person" value="cancel">Cancel</button></p>
</form>`,
  );
}

/**
 * The sign-out page: tells every client of the session in a hidden frame (OpenID Connect Front-Channel Logout), then
 * submits the provider's form by itself; the button is for browsers without scripts.
 */
export function signOutPage(form: string, frames: readonly string[]): string {
  // The button lies outside of the form, which comes from oidc-provider as a whole.
  const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out</button>';
  const hidden = frames.map((url) => `<iframe hidden title="Signing out" src="${escapeHtml(url)}"></iframe>`);
  return page(
    'Signing out',
    `${hidden.join('\n')}
${form}
<p>${button}</p>
<script>
const go = () => document.querySelector('button').click();
// When the frames have loaded; a client that doesn't answer holds nobody up.
addEventListener('load', go, { once: true });
setTimeout(go, 3000);
</script>`,
  );
}

/** A page that only says something. */
export function messagePage(title: string, message: string): string {
  return page(title, `<p>${escapeHtml(message)}</p>`);
}

function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} – simulated identity provider</title>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${main}
</main>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
