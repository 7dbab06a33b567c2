import { describe, expect, test } from 'vitest';
import { burstSlots, reservedSlots } from '../../src/scheduling/fair-share.js';
import { createPace } from '../../src/scheduling/pace.js';
import { createSlidingWindow } from '../../src/scheduling/sliding-window.js';

const windowMs = 20_000;
const stepMs = 10;

/** Sends a bulk update and interactive calls in virtual time, with the rules of a slot pool. */
function simulate(limit: number, rows: number, msBetweenCalls: number, responseMs: number) {
  const slots = createSlidingWindow(limit, windowMs);
  const burst = createSlidingWindow(burstSlots(limit), windowMs);
  const reserved = reservedSlots(limit);
  const pace = createPace(reserved, windowMs);
  const inFlight: { readonly endsAt: number; readonly isBurst: boolean }[] = [];
  const sentAt: number[] = [];
  const waitsMs: number[] = [];
  const calls: number[] = [];
  let left = rows;
  let now = 0;

  function send(count: number, isBurst: boolean): void {
    slots.take(count);
    if (isBurst) burst.take(count);
    for (let each = 0; each < count; each++) {
      inFlight.push({ endsAt: now + responseMs, isBurst });
      sentAt.push(now);
    }
  }

  for (; left > 0; now += stepMs) {
    for (let first = inFlight[0]; first !== undefined && first.endsAt <= now; first = inFlight[0]) {
      inFlight.shift();
      slots.release(true, now);
      if (first.isBurst) burst.release(true, now);
    }
    slots.refill(now);
    burst.refill(now);
    if (now > 0 && now % msBetweenCalls === 0) calls.push(now);
    while (calls.length > 0 && slots.free > 0) {
      waitsMs.push(now - (calls.shift() ?? now));
      send(1, false);
    }
    const first = Math.max(0, Math.min(left, burst.free, slots.free - reserved));
    send(first, true);
    left -= first;
    const due = pace.take(left, now, slots);
    send(due, false);
    left -= due;
  }
  return { sentAt, waitsMs, unanswered: calls.length, endedAt: now };
}

describe.each([
  ['the default quota', 200, 1000, 1000, 50],
  ['a small quota', 40, 200, 5000, 50],
  ['a large quota', 2000, 10_000, 100, 50],
  ['slow responses', 200, 1000, 1000, 3000],
])('beside a bulk update, with %s', (_name, limit, rows, msBetweenCalls, responseMs) => {
  const { sentAt, waitsMs, unanswered, endedAt } = simulate(limit, rows, msBetweenCalls, responseMs);

  test('interactive calls never wait for more than a tenth of a second', () => {
    expect(waitsMs.length).toBeGreaterThanOrEqual(20);
    expect(unanswered).toBe(0);
    expect(Math.max(...waitsMs)).toBeLessThanOrEqual(100);
  });

  test('no window has more requests than the limit', () => {
    for (const [index, at] of sentAt.slice(limit).entries()) {
      expect(at - (sentAt[index] ?? Number.NaN)).toBeGreaterThanOrEqual(windowMs);
    }
  });

  test('the quota is used', () => {
    expect(endedAt).toBeLessThanOrEqual(5.15 * (windowMs + 1.2 * responseMs));
  });
});

test('after a burst, the rest of the slots lasts until those of the burst become free', () => {
  const slots = createSlidingWindow(200, windowMs);
  const pace = createPace(2, windowMs);
  slots.take(100);
  for (let each = 0; each < 100; each++) slots.release(true, 0);
  const takenAt: number[] = [];
  for (let now = 0; now < windowMs; now += stepMs) {
    const count = pace.take(1000, now, slots);
    slots.take(count);
    for (let each = 0; each < count; each++) takenAt.push(now);
  }
  expect(takenAt).toHaveLength(98);
  for (const [index, at] of takenAt.entries()) expect(at - (takenAt[index - 1] ?? at)).toBeLessThanOrEqual(230);
});

test('a pace follows slots that are released early', () => {
  const slots = createSlidingWindow(20, windowMs);
  const pace = createPace(1, windowMs);
  slots.take(18);
  const take = (now: number) => {
    const count = pace.take(20, now, slots);
    slots.take(count);
    return count;
  };
  expect(take(0)).toBe(1);
  expect(take(100)).toBe(0);
  expect(pace.dueAt).toBe(Number.POSITIVE_INFINITY);
  for (let each = 0; each < 10; each++) slots.release(false, 100);
  expect(take(200)).toBe(0);
  expect(pace.dueAt).toBe(2000);
  expect(take(2000)).toBe(1);
});
