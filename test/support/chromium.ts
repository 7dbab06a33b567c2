import { existsSync } from 'node:fs';
import { describe } from 'vitest';

const paths = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of an installed Chromium. Tests never download one. */
export const chromiumPath = paths.find((path) => path !== undefined && path !== '' && existsSync(path));

if (chromiumPath === undefined && process.env['CI'] === 'true') throw new Error('CI requires Chromium');

/** Describes tests in a browser; they are skipped if Chromium is not installed. */
export const describeInChromium = describe.skipIf(chromiumPath === undefined);
