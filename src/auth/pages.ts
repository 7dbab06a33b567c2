import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { pageStyle } from './page-style.js';

/** Status, title, text and primary link of the pages that sign-in and sign-out can end with. */
const pages = {
  cancelled: [400, 'Sign-in cancelled', 'The sign-in was cancelled, so you are not signed in.', 'Sign in'],
  failed: [
    400,
    'Sign-in failed',
    "The sign-in could not be completed. It may have taken too long, or its page was opened twice or in another browser. Try again. If the problem persists, give the service's operators the request ID.",
    'Sign in again',
  ],
  'no-role': [
    403,
    'No access yet',
    'This account has no role in this application. Ask the owner of the application for one, then sign in again.',
    'Sign in again',
  ],
  personal: [
    403,
    'Work account required',
    'Personal Microsoft accounts cannot be used here. Sign in with your work account.',
    'Sign in again',
  ],
  'other-tenant': [
    403,
    'Account of another organization',
    'Sign in with an account of the organization that runs this service.',
    'Sign in again',
  ],
  'too-many': [
    429,
    'Too many sign-ins',
    'Too many people are signing in at the moment. Wait a minute, then try again.',
    'Try again',
  ],
  unavailable: [
    503,
    'Sign-in unavailable',
    "Nobody can sign in at the moment; your account is not the cause. Try again in a few minutes. If the problem persists, give the service's operators the request ID.",
    'Try again',
  ],
  'sessions-unavailable': [
    503,
    'Sessions unavailable',
    "The service cannot read or store sessions at the moment. Nothing has been changed. Try again in a few minutes. If the problem persists, give the service's operators the request ID.",
    'Try again',
  ],
} as const satisfies Record<string, readonly [status: number, title: string, text: string, action: string]>;

/** The name of a page. */
export type PageName = keyof typeof pages;

/** The account that a page is about. */
export interface NamedAccount {
  readonly name: string;
  readonly username: string | null;
  /** Where a sign-in leads to, a path of this service. */
  readonly returnTo: string;
}

/** The console's icon, inlined because the file may be missing. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#0f6cbd"/><path d="M8 17.5l5 5L24 10.5" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/></svg>';

/**
 * Responds with a page that looks like the console but needs none of its files: without scripts, with a style that the
 * content security policy allows by its hash, and with links to sign in.
 *
 * @param account named on the page, which then offers to sign in with another one
 */
export function showPage(response: Response, name: PageName, account?: NamedAccount): void {
  const [status, title, text, action] = pages[name];
  const links =
    account === undefined
      ? [['/auth/sign-in', action]]
      : [
          [signInPath({ prompt: 'select_account', returnTo: account.returnTo }), 'Sign in with another account'],
          ...(name === 'no-role' ? [[signInPath({ returnTo: account.returnTo }), action]] : []),
        ];
  allowStyle(response);
  response
    .status(status)
    .type('html')
    .send(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – Script states</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
${icon}
<h1>${title}</h1>${account === undefined ? '' : `\n<p>${describeAccount(account)}</p>`}
<p>${text}</p>
<nav aria-label="Sign-in">
${links.map(([path = '', label]) => `<a href="${escapeHtml(path)}">${label}</a>`).join('\n')}
</nav>
<footer>Request ID: ${response.locals.requestId}</footer>
</main>
</body>
</html>
`);
}

const signInPath = (parameters: Readonly<Record<string, string>>): string =>
  `/auth/sign-in?${new URLSearchParams(parameters).toString()}`;

/** Replaces what the policy allows: the page loads no stylesheet. */
function allowStyle(response: Response): void {
  const policy = String(response.getHeader('content-security-policy')).split("style-src 'self'");
  if (policy.length !== 2) throw new Error('the content security policy must have one style-src');
  const hash = createHash('sha256').update(pageStyle).digest('base64');
  response.setHeader('content-security-policy', policy.join(`style-src 'sha256-${hash}'`));
}

/** In elements of their own: a name may have characters that change the direction of the text around it. */
function describeAccount({ name, username }: NamedAccount): string {
  const shown = username === null || username === name ? '' : ` (<bdi>${escapeHtml(username)}</bdi>)`;
  return `Account: <bdi>${escapeHtml(name)}</bdi>${shown}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
