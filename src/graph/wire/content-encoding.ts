import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, type ZlibOptions } from 'node:zlib';

type Decoder = (body: Buffer, limit: Pick<ZlibOptions, 'maxOutputLength'>) => Promise<Buffer>;

const decodeGzip = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const decodeZlib = promisify<Buffer, ZlibOptions, Buffer>(inflate);
const decodeDeflate = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);
const decodeBrotli = promisify<Buffer, Pick<ZlibOptions, 'maxOutputLength'>, Buffer>(brotliDecompress);

/** Some proxies decompress a body and keep its header. Such a body does not start with the magic number of gzip. */
const decodeIfGzip: Decoder = async (body, limit) =>
  body[0] === 0x1f && body[1] === 0x8b ? decodeGzip(body, limit) : body;

/** `deflate` is the zlib format (RFC 9110, 8.4.1.2). Some servers send it without the zlib header. */
const decodeEitherDeflate: Decoder = (body, limit) =>
  ((body[0] ?? 0) & 0x0f) === 8 ? decodeZlib(body, limit) : decodeDeflate(body, limit);

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: decodeIfGzip,
  'x-gzip': decodeIfGzip,
  deflate: decodeEitherDeflate,
  br: decodeBrotli,
  identity: async (body) => body,
};

/** The content codings that {@link decodeBody} supports, for `Accept-Encoding`. */
export const acceptedEncodings = 'gzip, deflate, br';

/** The maximum number of codings of one body: each multiplies the work. */
const maxCodings = 3;

/**
 * Decodes the body of a response.
 *
 * @param encodings the value of `Content-Encoding`
 * @param maxBytes the maximum length of the result, which is also that of every intermediate result
 * @throws {Error} if a coding is unknown, or if the body is longer, incomplete or corrupt
 */
export async function decodeBody(body: Buffer, encodings: string, maxBytes: number): Promise<Buffer> {
  const names = encodings
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  if (names.length > maxCodings) throw new Error('the response has too many content codings');
  let decoded = body;
  // The last one was applied last.
  for (const name of names.toReversed()) {
    const decoder = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
    if (decoder === undefined) throw new Error('the response has an unknown content coding');
    decoded = await decoder(decoded, { maxOutputLength: maxBytes });
  }
  return decoded;
}
