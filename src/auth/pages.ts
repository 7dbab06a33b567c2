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
    'This account has no role in this application. Ask the owner of the application for one, then sign in again.',
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
  unavailable: [
    503,
    'Sign-in unavailable',
    'Nobody can sign in at the moment. Please try again later. If the problem persists, give the operators the request id.',
  ],
  'sessions-unavailable': [503, 'Sessions unavailable', 'Nothing has been changed. Please try again later.'],
} as const satisfies Record<string, readonly [number, string, string]>;

/** The name of a page. */
export type PageName = keyof typeof pages;

/** The account that a page is about. */
export interface NamedAccount {
  readonly name: string;
  readonly username: string | null;
  /** Where a sign-in with another account leads to, a path of this service. */
  readonly returnTo: string;
}

/**
 * Responds with a page of plain HTML, without scripts or styles, and with a link to sign in.
 *
 * @param account named on the page, which then offers to sign in with another one
 */
export function showPage(response: Response, name: PageName, account?: NamedAccount): void {
  const [status, title, text] = pages[name];
  const signIn =
    account === undefined
      ? ['/auth/sign-in', 'Sign in']
      : [
          `/auth/sign-in?${new URLSearchParams({ prompt: 'select_account', returnTo: account.returnTo }).toString()}`,
          'Sign in with another account',
        ];
  response
    .status(status)
    .type('html')
    .send(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title></head>
<body>
<main>
<h1>${title}</h1>${account === undefined ? '' : `\n<p>${describeAccount(account)}</p>`}
<p>${text}</p>
<p><a href="${escapeHtml(signIn[0] ?? '')}">${signIn[1]}</a></p>
<p>Request id: ${response.locals.requestId}</p>
</main>
</body>
</html>
`);
}

/** In elements of their own: a name may have characters that change the direction of the text around it. */
function describeAccount({ name, username }: NamedAccount): string {
  const shown = username === null || username === name ? '' : ` (<bdi>${escapeHtml(username)}</bdi>)`;
  return `Account: <bdi>${escapeHtml(name)}</bdi>${shown}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
