import { X509Certificate } from 'node:crypto';
import * as v from 'valibot';

/** One or more certificates in PEM, and nothing else: what lies beside the function is no place for a key. */
export const certificateAuthoritySchema = v.pipe(
  v.string('must be certificates in PEM'),
  v.rawCheck(({ dataset, addIssue }) => {
    const fault = dataset.typed ? faultOf(dataset.value) : undefined;
    // Not the text itself: it is long, and if it is a key it is secret.
    if (fault !== undefined) addIssue({ message: fault, input: '(PEM)' });
  }),
);

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

const faultOf = (pem: string): string | undefined => {
  const blocks = [...pem.matchAll(BLOCK)];
  if (blocks.some(([, label]) => label?.includes('PRIVATE KEY'))) {
    return 'must not hold a private key: the certificates of the authority suffice';
  }
  const certificates = blocks.filter(([, label]) => label === 'CERTIFICATE').map(([block]) => block);
  if (certificates.length === 0) return 'must hold at least one "-----BEGIN CERTIFICATE-----" block';
  return certificates.every(isCertificate) ? undefined : 'must hold certificates that can be read';
};

const isCertificate = (block: string): boolean => {
  try {
    return new X509Certificate(block).subject !== undefined;
  } catch {
    return false;
  }
};
