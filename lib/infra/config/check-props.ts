import { Token } from 'aws-cdk-lib';
import * as v from 'valibot';
import { type Settings, SettingsSchema, settingsEntries } from '../../../lambdas/relay/domain/settings.ts';
import { checkConfiguration } from './check-configuration.ts';
import { certificateAuthoritySchema, proxyUrlSchema, rocketChatUrlSchema } from './connection.ts';
import type { RelaySettings } from './relay-settings.ts';
import { resourceEntries, runbookUrlSchema } from './resource-values.ts';

const PropsSchema = v.strictObject({
  ...settingsEntries,
  ...resourceEntries,
  certificateAuthority: v.optional(certificateAuthoritySchema),
  proxyUrl: v.optional(proxyUrlSchema),
  runbookUrl: v.optional(runbookUrlSchema),
});

/** URLs that CloudFormation may fill in on deployment, for example from a parameter. Tokens cannot be checked on synth. */
const MAY_BE_TOKEN = ['proxyUrl', 'runbookUrl'];

/** The props that are checked. Props that hold constructs are checked by CDK. */
interface CheckedProps extends RelaySettings {
  readonly rocketChatUrl: string;
  readonly proxyUrl?: string | undefined;
}

/**
 * Checks the construct's props.
 *
 * @returns the URLs in the form that the function expects, and the settings with their defaults
 * @throws ConfigurationError that lists every fault
 */
export const checkProps = (
  props: CheckedProps,
): { settings: Settings; rocketChatUrl: string; proxyUrl: string | undefined } => {
  const known = Object.entries(props).filter(
    ([key, value]) =>
      Object.hasOwn(PropsSchema.entries, key) && !(MAY_BE_TOKEN.includes(key) && Token.isUnresolved(value)),
  );
  const { proxyUrl = props.proxyUrl, ...checked } = checkConfiguration(PropsSchema, Object.fromEntries(known), {
    root: 'RocketChatRelay',
  });
  const settings = Object.entries(checked).filter(([key]) => Object.hasOwn(settingsEntries, key));
  return {
    settings: v.parse(SettingsSchema, Object.fromEntries(settings)),
    rocketChatUrl: checkedUrl(props.rocketChatUrl),
    proxyUrl,
  };
};

const checkedUrl = (url: string): string =>
  Token.isUnresolved(url)
    ? url
    : checkConfiguration(rocketChatUrlSchema, url, { root: 'RocketChatRelay.rocketChatUrl' });
