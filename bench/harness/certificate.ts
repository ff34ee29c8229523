import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The files of a self-signed certificate for localhost and of its key. */
export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/** Creates a certificate with the machine's `openssl`, so that the repository contains no key. */
export const createCertificate = (): Certificate & { remove(): void } => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-tls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  try {
    execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  } catch (error) {
    throw new Error('the measurements over TLS need the program openssl 1.1.1 or later', { cause: error });
  }
  return { key, certificate, remove: () => rmSync(folder, { recursive: true }) };
};

export const certificateEnvironment = (tls: Certificate | undefined): Record<string, string> =>
  tls === undefined ? {} : { NODE_EXTRA_CA_CERTS: tls.certificate };
