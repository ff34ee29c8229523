import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, Token } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Settings } from '../../lambdas/relay/domain/settings.ts';
import { SETTINGS_FILE } from '../../lambdas/relay/names.ts';
import { bundleRelay } from './bundle.ts';
import { configurationError } from './check-configuration.ts';

/**
 * The bundle and, beside it, the settings: Lambda's environment would have room for some twenty routes. The same
 * sources and settings give the same asset.
 * @throws ConfigurationError if a setting is known on deployment only
 */
export const relayCode = (settings: Settings): AssetCode => {
  const faults = tokenPlaces(settings).map((place) => ({
    place,
    allowed:
      'must be a value known on synth: it goes into a file of the function, where CloudFormation can fill in nothing',
  }));
  if (faults.length > 0) throw configurationError('RocketChatRelay', faults);
  const json = `${JSON.stringify(settings, null, 2)}\n`;
  return Code.fromAsset(join(import.meta.dirname, '../../lambdas/relay'), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('unused: esbuild runs locally'),
      // CDK bundles a path once for the same options; the settings tell two relays of one app apart.
      environment: { [SETTINGS_FILE]: json },
      local: {
        tryBundle: (outputDir) => {
          bundleRelay(outputDir);
          writeFileSync(join(outputDir, SETTINGS_FILE), json);
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
