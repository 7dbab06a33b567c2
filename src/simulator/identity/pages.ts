import { sampleUsers } from './sample-users.js';

/** The login page: a form with a button for each user and a button to cancel. */
export function loginPage(): string {
  const buttons = sampleUsers.map(
    ({ key, name, preferredUsername, description }) =>
      `<li><button name="person" value="${escapeHtml(key)}">${escapeHtml(name)} (${escapeHtml(description)})</button> ${escapeHtml(preferredUsername)}</li>`,
  );
  return page(
    'Sign in',
    `<p>This is a simulated identity provider. The users are fictitious and have no passwords.</p>
<form method="post">
<ul>
${buttons.join('\n')}
</ul>
<p><button name="person" value="cancel">Cancel</button></p>
</form>`,
  );
}

/**
 * The sign-out page. It loads the sign-out URL of every client of the session in a hidden frame (OpenID Connect
 * Front-Channel Logout), then submits the provider's form. The button is for browsers without scripts.
 */
export function signOutPage(form: string, frames: readonly string[]): string {
  // The button is outside the form, because oidc-provider renders the whole form.
  const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out</button>';
  const hidden = frames.map((url) => `<iframe hidden title="Signing out" src="${escapeHtml(url)}"></iframe>`);
  return page(
    'Signing out',
    `${hidden.join('\n')}
${form}
<p>${button}</p>
<script>
const submit = () => document.querySelector('button').click();
// After the frames have loaded. A client that does not respond must not block the sign-out.
addEventListener('load', submit, { once: true });
setTimeout(submit, 3000);
</script>`,
  );
}

/** A page with a message only. */
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
