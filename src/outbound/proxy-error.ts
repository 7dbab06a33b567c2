/** The proxy did not connect to a server: nothing was sent to the server. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  /** `PROXY_407` for a response to CONNECT, otherwise the code of the failed connection: `PROXY_ECONNREFUSED`. */
  readonly code: string;
  /** The status of the proxy's response to CONNECT, if there was one. */
  readonly status: number | undefined;

  /**
   * @param proxy its host and port, without user name and password
   * @param target the host and port of the server
   * @param problem the status of the response to CONNECT, or the error of the connection to the proxy
   */
  constructor(proxy: string, target: string, problem: number | Error) {
    const code = typeof problem === 'number' ? String(problem) : codeOf(problem);
    const cause = typeof problem === 'number' ? `HTTP ${code}` : code;
    super(`the proxy ${proxy} did not connect to ${target}: ${cause}`);
    this.code = `PROXY_${code}`;
    this.status = typeof problem === 'number' ? problem : undefined;
  }
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
