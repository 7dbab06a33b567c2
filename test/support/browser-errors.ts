/** Whether a message in the console of a browser is an error or a warning of the page. */
export function isBrowserError(type: string, text: string): boolean {
  // Chromium logs every response of 400 and above; the console shows those to the user.
  const isFailedRequest = text.startsWith('Failed to load resource');
  return (type === 'error' && !isFailedRequest) || type === 'warning' || type === 'warn';
}
