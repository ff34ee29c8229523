import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, Token } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import { SETTINGS_FILE } from '../../../lambdas/relay/names.ts';
import { configurationError } from '../config/configuration-error.ts';
import { bundleRelay } from './bundle.ts';

/** The folder of the function's bundle in the package. A clone has none beside this file, and builds it from the sources. */
export const SHIPPED_FUNCTION = join(import.meta.dirname, 'function');
const SOURCES = join(import.meta.dirname, '../../../lambdas/relay');

/** The file beside the bundle with the certificates of an authority of one's own, and where Lambda has it. */
export const CA_FILE = 'ca.pem';
export const CA_FILE_ON_LAMBDA = `/var/task/${CA_FILE}`;

/**
 * The bundle and, beside it, the settings: Lambda's environment would have room for some twenty routes. The same
 * sources and settings give the same asset.
 * @throws ConfigurationError if a setting is known on deployment only
 */
export const relayCode = (
  settings: Settings,
  { certificateAuthority }: { certificateAuthority?: string },
): AssetCode => {
  const faults = tokenPlaces(settings).map((place) => ({
    place,
    allowed:
      'must be a value known on synth: it goes into a file of the function, where CloudFormation can fill in nothing',
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
      // CDK bundles a path once for the same options; the files tell two relays of one app apart.
      environment: files,
      local: {
        tryBundle: (outputDir) => {
          if (isShipped) cpSync(SHIPPED_FUNCTION, outputDir, { recursive: true });
          else bundleRelay(outputDir);
          for (const [name, text] of Object.entries(files)) writeFileSync(join(outputDir, name), text);
          return true;
        },
      },
    },
  });
};

const tokenPlaces = (value: unknown, place = ''): string[] => {
  if (Token.isUnresolved(value)) return [place];
  if (Array.isArray(value)) return value.flatMap((element, i) => tokenPlaces(element, `${place}[${i}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => tokenPlaces(entry, place === '' ? key : `${place}.${key}`));
};
