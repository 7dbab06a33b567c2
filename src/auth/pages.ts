import type { Response } from 'express';

/** What a person can meet on the way in or out, in words that say what to do. */
const pages = {
  cancelled: [400, 'Sign-in was cancelled', 'Nobody has been signed in. You can try again.'],
  failed: [
    400,
    'Sign-in did not work',
    'The answer did not fit the sign-in that this browser began. Please try again.',
  ],
  'no-role': [403, 'No access yet', 'You are signed in, but have no role in this application. Ask its owner for one.'],
  personal: [
    403,
    'This is for work accounts',
    'Personal Microsoft accounts can not be used here. Use your work account.',
  ],
  'other-tenant': [
    403,
    'This account is of another organisation',
    'Use an account of the organisation that runs this service.',
  ],
  unavailable: [
    503,
    'Sign-in is not available',
    'The identity provider can not be reached. Please try again in a while.',
  ],
  away: [503, 'Sessions are not available', 'Nothing has been changed. Please try again in a while.'],
} as const satisfies Record<string, readonly [number, string, string]>;

/** The name of one of these pages. */
export type PageName = keyof typeof pages;

/** Shows one of them: plain, without script or style, readable by everybody. */
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
