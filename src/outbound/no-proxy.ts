import { BlockList, isIP, isIPv6 } from 'node:net';
import { isLoopback } from '../loopback.js';

/** Whether a host is reached without the proxy. IPv6 addresses have no brackets. */
export type ProxyBypass = (hostname: string, port: number) => boolean;

/**
 * Reads a list of hosts, as in `NO_PROXY`: names with all of their subdomains (`example.com`, `.example.com`,
 * `*.example.com`) and addresses, both also with a port, ranges of addresses (`10.0.0.0/8`), and `*` for all hosts.
 * Loopback addresses are always reached without the proxy.
 */
export function createProxyBypass(list: string): ProxyBypass {
  const entries = list
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(parseEntry);
  return (hostname, port) => {
    const host = hostname.toLowerCase();
    return isLoopback(host) || entries.some((matches) => matches(host, port));
  };
}

function parseEntry(entry: string): ProxyBypass {
  if (entry === '*') return () => true;
  const [, address, bits] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (address !== undefined) return inSubnet(address, Number(bits));
  // An IPv6 address without brackets has no port.
  const [, inBrackets, host, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  const name = (inBrackets ?? host ?? entry).toLowerCase().replace(/^\*?\./, '');
  return (hostname, actualPort) =>
    (hostname === name || hostname.endsWith(`.${name}`)) && (port === undefined || Number(port) === actualPort);
}

function inSubnet(address: string, bits: number): ProxyBypass {
  const subnet = new BlockList();
  if (isIP(address) === 0 || bits > (isIPv6(address) ? 128 : 32)) return () => false;
  subnet.addSubnet(address, bits, isIPv6(address) ? 'ipv6' : 'ipv4');
  return (hostname) => isIP(hostname) !== 0 && subnet.check(hostname, isIPv6(hostname) ? 'ipv6' : 'ipv4');
}
