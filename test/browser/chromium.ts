import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PATHS = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** An installed chromium, or `undefined`: playwright-core downloads none. */
export const chromiumPath: string | undefined = PATHS.find((path) => path !== undefined && existsSync(path));

/** Starts the installed chromium. Its sandbox does not work for root. @throws Error if there is none */
export const startChromium = async (): Promise<Browser> => {
  if (chromiumPath === undefined) {
    throw new Error('There is no chromium: install the package "chromium", or name the program in CHROMIUM_PATH.');
  }
  return chromium.launch({ executablePath: chromiumPath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
};
