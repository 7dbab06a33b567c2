import type { Response } from 'express';

/** Status, title and text of the pages that sign-in and sign-out can end with. */
const pages = {
  cancelled: [400, 'Sign-in cancelled', 'You are not signed in. You can try again.'],
  failed: [
    400,
    'Sign-in failed',
    'The response does not match a sign-in that was started in this browser. Please try again.',
  ],
  'no-role': [
    403,
    'No access yet',
    'You are signed in, but your account has no role in this application. Ask the owner of the application for one.',
  ],
  personal: [
    403,
    'Work account required',
    'Personal Microsoft accounts cannot be used here. Sign in with your work account.',
  ],
  'other-tenant': [
    403,
    'Account of another organization',
    'Sign in with an account of the organization that runs this service.',
  ],
  'too-many': [429, 'Too many sign-ins', 'Too many people are signing in. Please try again in a minute.'],
  unavailable: [503, 'Sign-in unavailable', 'The identity provider cannot be reached. Please try again later.'],
  'sessions-unavailable': [503, 'Sessions unavailable', 'Nothing has been changed. Please try again later.'],
} as const satisfies Record<string, readonly [number, string, string]>;

/** The name of a page. */
export type PageName = keyof typeof pages;

/** Responds with a page of plain HTML, without scripts or styles, and with a link to sign in. */
export function showPage(response: Response, name: PageName): void {
  const [status, title, text] = pages[name];
  response
    .status(status)
    .type('html')
    .send(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title></head>
<body>
<main>
<h1>${title}</h1>
<p>${text}</p>
<p><a href="/auth/sign-in">Sign in</a></p>
</main>
</body>
</html>
`);
}
