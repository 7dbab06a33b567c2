import { existsSync } from 'node:fs';
import { describe } from 'vitest';

const paths = [process.env['FIREFOX'], '/usr/bin/firefox-esr', '/usr/bin/firefox'];

/** The path of an installed Firefox. Tests never download one. */
export const firefoxPath = paths.find((path) => path !== undefined && path !== '' && existsSync(path));

if (firefoxPath === undefined && process.env['CI'] === 'true') throw new Error('CI requires Firefox');

/** Describes tests in Firefox; they are skipped if it is not installed. */
export const describeInFirefox = describe.skipIf(firefoxPath === undefined);
