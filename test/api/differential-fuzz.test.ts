import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batch,
  full,
  get,
  list,
  mutations,
  paths,
  post,
  queries,
  useComparedApps,
  validInput,
} from '../support/compared-apps.js';
import type { Sent } from '../support/handler-comparison.js';
import { validInputs } from '../support/raw-calls.js';

const { both } = useComparedApps();

describe('both handlers respond equally to random requests:', () => {
  const unknown = fc.oneof(
    fc.constantFrom('nothing', 'session', 'session.current.x', '__proto__', 'constructor', 'Script.list', '.'),
    fc.stringMatching(/^[\w.]{0,12}$/),
  );
  const odd = fc.string({ unit: 'binary', maxLength: 8 }).map(encodeURIComponent);
  const pathOf = (all: readonly string[]) =>
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...all) },
      { weight: 4, arbitrary: unknown },
      { weight: 1, arbitrary: odd },
    );

  const value = fc.jsonValue({ maxDepth: 3 });
  const field = fc.oneof(fc.constant(undefined), value);
  const near = fc.record(
    {
      scriptKind: fc.oneof(fc.constantFrom('deviceShellScript', 'deviceManagementScript', 'none'), field),
      scriptId: fc.oneof(fc.constantFrom('script', '..', ''), field),
      userStateId: fc.oneof(fc.constantFrom('state', 'a/b'), field),
      cursor: fc.oneof(fc.constant(undefined), fc.string({ unit: 'binary' }), field),
      patch: fc.oneof(
        fc.constantFrom(full, {}),
        fc.record({ successDeviceCount: field, errorDeviceCount: field }),
        field,
      ),
      userState: fc.oneof(fc.constantFrom({ ...full, id: 'x' }, full), field),
      approval: fc.oneof(fc.constant(undefined), fc.record({ justification: field, code: field })),
    },
    { requiredKeys: [] },
  );
  /** Inputs of a call, some of them valid. */
  const inputOf = (path: string) => {
    const right = fc.constant<unknown>(
      path === 'scriptUserState.update' ? { ...validInputs[path], patch: full } : validInput(path),
    );
    return fc.oneof(
      { weight: 2, arbitrary: right },
      { weight: 3, arbitrary: value },
      { weight: 4, arbitrary: near },
      { weight: 2, arbitrary: near.map((more) => ({ ...validInput(path), ...more })) },
    );
  };

  /** Mostly the text unchanged, sometimes with a part of it replaced. */
  const written = (text: string) =>
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(text) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.nat(text.length), fc.nat(3), fc.constantFrom('', '{', '"', ',', '\\', '\uFEFF', '\u0000', ' '))
          .map(([at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length))
          // The cut may have left half a character.
          .map((cut) => cut.replaceAll(/\p{Cs}/gu, '\uFFFD')),
      },
    );

  const headers = fc.record(
    {
      'x-test-person': fc.constantFrom('nobody', 'without-role', 'reader', 'without-graph'),
      'trpc-accept': fc.constantFrom('application/json', 'text/event-stream', ''),
      accept: fc.constantFrom('*/*', 'application/json', 'text/html, x/y'),
      'content-type': fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain'),
    },
    { requiredKeys: [] },
  );
  const mostlyPlain = fc.oneof(
    { weight: 5, arbitrary: fc.constant<NonNullable<Sent['headers']>>({}) },
    { weight: 1, arbitrary: headers },
  );

  const byEither = (named: string, text: string, more: Sent['headers'], byGet: boolean): Sent =>
    byGet ? get(named, text, more) : post(named, text, more);

  async function expectSameFor(requests: fc.Arbitrary<Sent>, numRuns: number): Promise<void> {
    await fc.assert(
      fc.asyncProperty(requests, async (sent) => {
        const { own, stock } = await both(sent);
        expect(own).toEqual(stock);
      }),
      { numRuns },
    );
  }

  test('single calls', async () => {
    const single = pathOf(paths).chain((path) =>
      inputOf(path)
        .chain((input) => written(JSON.stringify(input) ?? ''))
        .chain((text) => fc.tuple(mostlyPlain, fc.boolean()).map(([more, byGet]) => byEither(path, text, more, byGet))),
    );
    await expectSameFor(single, 400);
  });

  test('batches', async () => {
    const named = fc
      .constantFrom(
        queries,
        mutations.filter((path) => path !== 'scriptUserState.updateMany'),
        paths,
      )
      .chain((all) => fc.array(pathOf(all), { minLength: 1, maxLength: 21, size: 'max' }));
    const text = (all: readonly string[]) =>
      fc
        .tuple(...all.map((path) => fc.option(inputOf(path), { freq: 6, nil: undefined })))
        .chain((inputs) =>
          fc
            .oneof(
              { weight: 8, arbitrary: fc.constant<unknown>(Object.fromEntries(inputs.entries())) },
              { weight: 1, arbitrary: fc.constant<unknown>(inputs) },
              { weight: 1, arbitrary: value },
            )
            .chain((whole) => written(JSON.stringify(whole) ?? '')),
        );
    const batches = named.chain((all) =>
      fc
        .tuple(text(all), mostlyPlain, fc.boolean())
        .map(([inputs, more, byGet]) => byEither(batch(all), inputs, more, byGet)),
    );
    await expectSameFor(batches, 300);
  });

  test('any bytes as a body', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((some) => Buffer.from(some)),
      fc
        .tuple(fc.uint8Array({ maxLength: 3 }), fc.nat(list.length), fc.constantFrom('', '\uFEFF', '\uFEFF\uFEFF'))
        .map(([some, at, mark]) =>
          Buffer.concat([Buffer.from(mark + list.slice(0, at)), some, Buffer.from(list.slice(at))]),
        ),
    );
    const requests = fc
      .tuple(
        fc.constantFrom('GET', 'POST', 'POST'),
        fc.constantFrom('scriptUserState.get', 'scriptUserState.get,nothing?batch=1', 'session.current'),
        bytes,
      )
      .map(([method, named, body]): Sent => {
        return { method, path: `/trpc/${named}`, body, headers: { 'content-type': 'application/json' } };
      });
    await expectSameFor(requests, 300);
  });

  test('any query parameters', async () => {
    const piece = fc.constantFrom(
      ...'batch =1 = & ? input % %7B %7D { } %22 " 0 : 1 + # input= batch=1 &input=%7B%220%22:1%7D'.split(' '),
      ...'%EF%BB%BF %ED%A0%80 null [] ; , \u00ff'.split(' '),
    );
    const requests = fc
      .tuple(fc.constantFrom('scriptUserState.get', 'session.current,nothing'), fc.array(piece, { maxLength: 8 }))
      .map(([named, pieces]): Sent => ({ path: `/trpc/${named}?${pieces.join('')}` }));
    await expectSameFor(requests, 300);
  });

  test('any path', async () => {
    const pieces = ', . / \\ .. %2e %2F %2C % ; : @ %00 x ?batch=1 # ~ * ( \u00e9 %C3%A9 $ %5C'.split(' ');
    const some = fc.array(fc.constantFrom(...pieces), { maxLength: 3 }).map((all) => all.join(''));
    const little = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, some);
    const named = fc.constantFrom('session.current', 'session.current,x', 'x,script.list');
    const requests = fc
      .tuple(some, named, little, fc.constantFrom('', '?batch=1'))
      .map((all): Sent => ({ path: `/trpc/${all.join('')}` }));
    await expectSameFor(requests, 400);
  });
});
