import { Token } from 'aws-cdk-lib';
import * as v from 'valibot';
import { type Settings, SettingsSchema, settingsEntries } from '../../../lambdas/relay/domain/settings.ts';
import type { RocketChatRelayProps } from '../relay-props.ts';
import { certificateAuthoritySchema } from './certificate-authority.ts';
import { checkConfiguration } from './check-configuration.ts';
import { proxyUrlSchema } from './proxy-url.ts';
import { rocketChatUrlSchema } from './rocket-chat-url.ts';

export const wholeNumber = (min: number, max: number, unit: string) => {
  const allowed = `must be a whole number of ${unit} from ${min} to ${max}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(min, allowed), v.maxValue(max, allowed));
};

/** Numbers that the construct and the context key take alike. */
export const resourceEntries = {
  maxConcurrency: v.optional(wholeNumber(2, 1000, 'instances')),
  memorySizeMb: v.optional(wholeNumber(256, 10_240, 'MB')),
  quietAlarmAfterHours: v.optional(wholeNumber(1, 168, 'hours')),
  backlogAlarmAfterHours: v.optional(wholeNumber(1, 288, 'hours')),
};

const PropsSchema = v.strictObject({
  ...settingsEntries,
  ...resourceEntries,
  certificateAuthority: v.optional(certificateAuthoritySchema),
  proxyUrl: v.optional(proxyUrlSchema),
});

/** The URLs as the function gets them, and the settings with their defaults. @throws ConfigurationError with every fault */
export const checkProps = (
  props: RocketChatRelayProps,
): { settings: Settings; rocketChatUrl: string; proxyUrl: string | undefined } => {
  const known = Object.entries(props).filter(
    ([key, value]) => Object.hasOwn(PropsSchema.entries, key) && !(key === 'proxyUrl' && Token.isUnresolved(value)),
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

/** A URL that CloudFormation fills in, from a parameter for example, can't be checked here. */
const checkedUrl = (url: string): string =>
  Token.isUnresolved(url)
    ? url
    : checkConfiguration(rocketChatUrlSchema, url, { root: 'RocketChatRelay.rocketChatUrl' });
