import { X509Certificate } from 'node:crypto';
import * as v from 'valibot';

// How the function reaches the chat server: the server's URL, a proxy, and the certificate authorities it trusts.

/**
 * Base URL of a Rocket.Chat server: https (http only for a loopback address), with or without a path, without
 * credentials, query or fragment. The output has no trailing slash.
 */
export const rocketChatUrlSchema = v.pipe(
  v.string('must be a URL such as "https://chat.example.com"'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed) for (const message of urlFaults(dataset.value)) addIssue({ message });
  }),
  v.transform((url) => new URL(url).href.replace(/\/+$/, '')),
);

/** Whether the host is one of the names reserved for documentation (RFC 2606). */
export const isPlaceholder = (url: string): boolean =>
  /(^|\.)example(\.(com|net|org))?$/.test(URL.parse(url)?.hostname ?? '');

/** URL of an HTTP proxy that supports CONNECT. The output has no trailing slash. */
export const proxyUrlSchema = v.pipe(
  v.string('must be a URL such as "http://proxy.example.com:3128"'),
  v.check(
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
    'must be a URL such as "http://proxy.example.com:3128"',
  ),
  v.check(
    (text) => (URL.parse(text)?.username ?? '') + (URL.parse(text)?.password ?? '') === '',
    "must not hold credentials: the URL is written in clear text to the function's environment",
  ),
  v.check((text) => {
    const url = URL.parse(text);
    return url === null || (/^\/?$/.test(url.pathname) && url.search + url.hash === '');
  }, 'must be the address of the proxy, without path and query'),
  v.transform((text) => text.replace(/\/+$/, '')),
);

/** One or more certificates in PEM. Private keys are refused, because the file is deployed with the function. */
export const certificateAuthoritySchema = v.pipe(
  v.string('must be certificates in PEM'),
  v.rawCheck(({ dataset, addIssue }) => {
    const fault = dataset.typed ? pemFault(dataset.value) : undefined;
    // The text itself is not shown: it is long, and a private key is secret.
    if (fault !== undefined) addIssue({ message: fault, input: '(PEM)' });
  }),
);

const urlFaults = (text: string): string[] => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return ['must be a URL such as "https://chat.example.com"'];
  return [
    ...(url.protocol === 'http:' && !isLoopback(url.hostname)
      ? ['must start with "https://", because the token is sent with every call (http is allowed for localhost only)']
      : []),
    ...(url.username + url.password === '' ? [] : ['must not hold credentials: store them in the secret']),
    ...(url.search + url.hash === '' && !/[?#]/.test(text) ? [] : ['must not contain "?" or "#"']),
  ];
};

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

const pemFault = (pem: string): string | undefined => {
  const blocks = [...pem.matchAll(PEM_BLOCK)];
  if (blocks.some(([, label]) => label?.includes('PRIVATE KEY'))) {
    return 'must not hold a private key: only the certificates of the authority are needed';
  }
  const certificates = blocks.filter(([, label]) => label === 'CERTIFICATE').map(([block]) => block);
  if (certificates.length === 0) return 'must hold at least one "-----BEGIN CERTIFICATE-----" block';
  return certificates.every(isCertificate) ? undefined : 'must hold valid certificates';
};

const isCertificate = (block: string): boolean => {
  try {
    return new X509Certificate(block).subject !== undefined;
  } catch {
    return false;
  }
};
