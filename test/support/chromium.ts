import { existsSync } from 'node:fs';
import { describe } from 'vitest';

const places = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where a Chromium of this machine's is; nothing is ever downloaded. */
export const chromiumPath = places.find((path) => path !== undefined && path !== '' && existsSync(path));

if (chromiumPath === undefined && process.env['CI'] === 'true') throw new Error('CI wants a Chromium');

/** Tests in a browser. Where there is none they are left out, by name. */
export const describeInChromium = describe.skipIf(chromiumPath === undefined);
