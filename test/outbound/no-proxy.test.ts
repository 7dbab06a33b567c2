import { describe, expect, test } from 'vitest';
import { createProxyBypass } from '../../src/outbound/no-proxy.js';

describe('NO_PROXY', () => {
  test.each([
    ['graph.microsoft.com', 'graph.microsoft.com'],
    ['GRAPH.Microsoft.com', 'graph.microsoft.COM'],
    ['microsoft.com', 'graph.microsoft.com'],
    ['.microsoft.com', 'graph.microsoft.com'],
    ['.microsoft.com', 'microsoft.com'],
    ['*.microsoft.com', 'graph.microsoft.com'],
    ['a.example, b.example', 'b.example'],
    ['a.example b.example', 'b.example'],
    ['a.example,,b.example', 'b.example'],
    ['b.example:443', 'b.example'],
    ['*', 'anything.example'],
    ['a.example,*', 'anything.example'],
    ['10.1.2.3', '10.1.2.3'],
    ['10.0.0.0/8', '10.1.2.3'],
    ['fd00::/8', 'fd00::1'],
    ['fd00::1', 'fd00::1'],
    ['[fd00::1]:443', 'fd00::1'],
    ['', 'localhost'],
    ['', '127.0.0.1'],
    ['', '127.0.0.2'],
    ['', '::1'],
  ])('%s includes %s', (list, host) => {
    expect(createProxyBypass(list)(host, 443)).toBe(true);
  });

  test.each([
    ['', 'graph.microsoft.com'],
    ['microsoft.com', 'notmicrosoft.com'],
    ['graph.microsoft.com', 'microsoft.com'],
    ['b.example:8443', 'b.example'],
    ['[fd00::1]:8443', 'fd00::1'],
    ['10.0.0.0/8', '11.1.2.3'],
    ['10.0.0.0/99', '10.1.2.3'],
    ['example/8', 'example'],
    ['0.0.0.0/0', 'graph.microsoft.com'],
    ['', '127.0.0.1.example.com'],
  ])('%s does not include %s', (list, host) => {
    expect(createProxyBypass(list)(host, 443)).toBe(false);
  });
});
