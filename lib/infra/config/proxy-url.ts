import * as v from 'valibot';

/** An HTTP proxy that is asked to CONNECT. Gives the URL without a slash at its end. */
export const proxyUrlSchema = v.pipe(
  v.string('must be a URL such as "http://proxy.example.com:3128"'),
  v.check(
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
    'must be a URL such as "http://proxy.example.com:3128"',
  ),
  v.check(
    (text) => (URL.parse(text)?.username ?? '') + (URL.parse(text)?.password ?? '') === '',
    "must not hold credentials: it stands in the function's environment for everybody to read",
  ),
  v.check((text) => {
    const url = URL.parse(text);
    return url === null || (/^\/?$/.test(url.pathname) && url.search + url.hash === '');
  }, 'must be the address of the proxy alone, without path or query'),
  v.transform((text) => text.replace(/\/+$/, '')),
);
