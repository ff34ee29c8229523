import { chmodSync, cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, Token } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import { SETTINGS_FILE } from '../../../lambdas/relay/names.ts';
import { configurationError } from '../config/configuration-error.ts';
import { buildFunction } from './build-function.ts';

/** The bundle's folder in the published package. It does not exist in a clone, where the bundle is built from the sources. */
export const SHIPPED_FUNCTION = join(import.meta.dirname, 'function');
const SOURCES = join(import.meta.dirname, '../../../lambdas/relay');

/** The file beside the bundle that holds the certificates of the private authority, and its path on Lambda. */
export const CA_FILE = 'ca.pem';
export const CA_FILE_ON_LAMBDA = `/var/task/${CA_FILE}`;

/**
 * The bundle, and beside it the settings: Lambda limits environment variables to 4 KB, enough for about twenty routes.
 * The same sources and settings give the same asset.
 * @throws ConfigurationError if a setting contains a CDK token
 */
export const relayCode = (
  settings: Settings,
  { certificateAuthority }: { certificateAuthority?: string },
): AssetCode => {
  const faults = tokenPlaces(settings).map((place) => ({
    place,
    allowed:
      "must be a value known on synth: it is written to a file in the function's package, where CloudFormation replaces no tokens",
  }));
  if (faults.length > 0) throw configurationError('RocketChatRelay', faults);
  const files = {
    [SETTINGS_FILE]: `${JSON.stringify(settings, null, 2)}\n`,
    ...(certificateAuthority !== undefined && { [CA_FILE]: certificateAuthority }),
  };
  const isShipped = existsSync(SHIPPED_FUNCTION);
  return Code.fromAsset(isShipped ? SHIPPED_FUNCTION : SOURCES, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('unused: nothing is built in a container'),
      // CDK bundles a path once for equal options. With the files in the options, two relays of one app get two assets.
      environment: files,
      local: {
        tryBundle: (outputDir) => {
          if (isShipped) cpSync(SHIPPED_FUNCTION, outputDir, { recursive: true });
          else buildFunction(outputDir);
          for (const [name, text] of Object.entries(files)) writeFileSync(join(outputDir, name), text);
          allowReading(outputDir);
          return true;
        },
      },
    },
  });
};

/**
 * Lambda runs the function as another user, which must be able to read the files: 644 and 755 for folders
 * (repost.aws/knowledge-center/lambda-deployment-package-errors). CDK's archive keeps their modes, and the umask of the deploying machine may be 077.
 */
const allowReading = (folder: string): void => {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) allowReading(path);
    else chmodSync(path, 0o644);
  }
};

const tokenPlaces = (value: unknown, place = ''): string[] => {
  if (Token.isUnresolved(value)) return [place];
  if (Array.isArray(value)) return value.flatMap((element, i) => tokenPlaces(element, `${place}[${i}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => tokenPlaces(entry, place === '' ? key : `${place}.${key}`));
};
