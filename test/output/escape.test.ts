import { describe, expect, test } from 'vitest';
import { createAudit } from '../../src/audit/audit.js';
import { createLog } from '../../src/log.js';
import { escapeInvisible } from '../../src/output/escape.js';
import { loggedTrail } from '../support/service.js';

describe('invisible characters', () => {
  const text = 'a\u202eb\u200bc\ufeffd\u2028e\u009bf\u{e0041}g';
  const escaped = String.raw`a\u202eb\u200bc\ufeffd\u2028e\u009bf\udb40\udc41g`;

  test('are escaped, so that the JSON is the same', () => {
    const line = escapeInvisible(JSON.stringify({ text }));
    expect(line).toBe(`{"text":"${escaped}"}`);
    expect(JSON.parse(line)).toEqual({ text });
  });

  test('leave all others as they are', () => {
    const line = '{"text":"Zoë, 李, مريم, 👩"}\n';
    expect(escapeInvisible(line)).toBe(line);
  });

  test('are escaped in the log and in the audit trail', () => {
    const lines: string[] = [];
    createLog('info', { write: (line: string) => void lines.push(line) }).info({ code: text }, text);
    const audit = createAudit(
      loggedTrail(lines),
      () => 'INTERNAL',
      () => undefined,
    );
    audit.record({ event: 'sign-in', requestId: 'request', oid: text });
    expect(lines.map((line) => line.includes(escaped) && !line.includes('\u202e'))).toEqual([true, true]);
  });
});
