/**
 * What the server finds in a message's raw text. It looks for mentions in code spans as well, and takes `all` and `here`
 * for the whole room (`MentionsParser.ts`); names have the characters of the default of `UTF8_User_Names_Validation`.
 */
export const mentionsIn = (text: string): string[] => namesAfter('@', text);

/** The rooms that a text refers to. */
export const channelsIn = (text: string): string[] => namesAfter('#', text);

const namesAfter = (sign: '@' | '#', text: string): string[] => [
  ...new Set([...text.matchAll(new RegExp(`(?:^|\\s|>)${sign}([0-9A-Za-z._-]+)`, 'gm'))].map(([, name = '']) => name)),
];

/**
 * URLs outside of code. The server makes previews of them, and quotes the message that a URL with `?msg=ID` names
 * (`parseUrlsInMessage.ts`).
 */
export const urlsIn = (text: string): string[] => [
  ...new Set(text.replace(/```[\s\S]*?```|`[^`\r\n]+`/g, ' ').match(URL_PATTERN) ?? []),
];

const URL_PATTERN = /[A-Za-z]{3,9}:\/\/[-\w.;:&=+$,@][^\s)]*/g;
