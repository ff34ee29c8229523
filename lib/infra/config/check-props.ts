import { Token } from 'aws-cdk-lib';
import * as v from 'valibot';
import { type Settings, SettingsSchema, settingsEntries } from '../../../lambdas/relay/domain/settings.ts';
import { checkConfiguration } from './check-configuration.ts';
import { certificateAuthoritySchema, proxyUrlSchema, rocketChatUrlSchema } from './connection.ts';
import type { RelaySettings } from './relay-settings.ts';

const wholeNumber = (min: number, max: number, unit: string) => {
  const allowed = `must be a whole number of ${unit} from ${min} to ${max}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(min, allowed), v.maxValue(max, allowed));
};

/** The number settings that the construct's props and the context key have in common. */
export const resourceEntries = {
  maxConcurrency: v.optional(wholeNumber(2, 1000, 'instances')),
  memorySizeMb: v.optional(wholeNumber(256, 10_240, 'MB')),
  quietAlarmAfterHours: v.optional(wholeNumber(1, 168, 'hours')),
  backlogAlarmAfterHours: v.optional(wholeNumber(1, 288, 'hours')),
};

/** CloudWatch limits an alarm's description to 1,024 characters. */
const MAX_RUNBOOK_URL_LENGTH = 512;

/** The page that has a section for each alarm; the alarms append `#<section>`. */
export const runbookUrlSchema = v.pipe(
  v.string('must be a URL such as "https://wiki.example.com/relay/operating"'),
  v.check(
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? '') && !text.includes('#'),
    'must be a URL such as "https://wiki.example.com/relay/operating", without "#"',
  ),
  v.maxLength(MAX_RUNBOOK_URL_LENGTH, `must have at most ${MAX_RUNBOOK_URL_LENGTH} characters`),
);

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
