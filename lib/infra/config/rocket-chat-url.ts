import * as v from 'valibot';

/** Base URL of a Rocket.Chat server: https, perhaps with a path, nothing else. Gives it without a slash at its end. */
export const rocketChatUrlSchema = v.pipe(
  v.string('must be a URL such as "https://chat.example.com"'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed) for (const message of faultsOf(dataset.value)) addIssue({ message });
  }),
  v.transform((url) => new URL(url).href.replace(/\/+$/, '')),
);

/** Names that the documentation of the world uses (RFC 2606): nobody's server answers there. */
export const isPlaceholder = (url: string): boolean =>
  /(^|\.)example(\.(com|net|org))?$/.test(URL.parse(url)?.hostname ?? '');

const faultsOf = (text: string): string[] => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return ['must be a URL such as "https://chat.example.com"'];
  return [
    ...(url.protocol === 'http:' && !isLoopback(url.hostname)
      ? ['must start with "https://": the token would travel in the clear (http only for localhost)']
      : []),
    ...(url.username + url.password === '' ? [] : ['must not hold credentials: they belong into the secret']),
    ...(url.search + url.hash === '' && !/[?#]/.test(text) ? [] : ['must have nothing after the path: no "?", no "#"']),
  ];
};

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
