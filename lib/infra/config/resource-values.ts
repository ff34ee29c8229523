import * as v from 'valibot';

// Values of settings of AWS resources that the construct's props and the context key `relay` have in common.

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
