import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A private certificate authority for servers on the loopback interface. */
export interface PrivateCa {
  /** The authority's certificate in PEM. */
  readonly certificate: string;
  /** Issues a certificate for 127.0.0.1 and `names`. @default names: localhost; validUntil: in a day */
  issue(options?: { readonly names?: readonly string[]; readonly validUntil?: Date }): {
    readonly key: string;
    readonly cert: string;
  };
}

/**
 * Encodes the certificates in DER itself (X.509, RFC 5280), so that tests need neither openssl nor a key in the
 * repository.
 */
export const createPrivateCa = (): PrivateCa => {
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name: 'Private Test CA', key: ca.privateKey };
  const validUntil = new Date(Date.now() + DAY_MS);
  const basicConstraints = extension('551d13', sequence(tlv(0x01, Buffer.from([0xff]))));
  return {
    certificate: certificateOf({ ...ca, subject: issuer.name, issuer, validUntil, extensions: [basicConstraints] }),
    issue({ names = ['localhost'], validUntil: until = validUntil } = {}) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const alternativeNames = [...names.map((name) => tlv(0x82, Buffer.from(name))), LOOPBACK];
      const extensions = [extension('551d11', sequence(...alternativeNames))];
      return {
        key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        cert: certificateOf({ ...pair, subject: 'server', issuer, validUntil: until, extensions }),
      };
    },
  };
};

const DAY_MS = 86_400_000;

const certificateOf = (options: {
  publicKey: KeyObject;
  subject: string;
  issuer: { name: string; key: KeyObject };
  validUntil: Date;
  extensions: Buffer[];
}): string => {
  const { publicKey, subject, issuer, validUntil, extensions } = options;
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)]);
  const validity = sequence(time(new Date(validUntil.getTime() - 2 * DAY_MS)), time(validUntil));
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    ECDSA_WITH_SHA256,
    nameOf(issuer.name),
    validity,
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, issuer.key)]));
  const base64 = sequence(body, ECDSA_WITH_SHA256, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
};

const tlv = (tag: number, content: Buffer): Buffer => {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'));
const time = (date: Date): Buffer => tlv(0x18, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`));
const nameOf = (name: string): Buffer => sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(name)))));
/** Marked as critical, which Node accepts for the extensions in use. */
const extension = (id: string, content: Buffer): Buffer =>
  sequence(oid(id), tlv(0x01, Buffer.from([0xff])), tlv(0x04, content));

const LOOPBACK = tlv(0x87, Buffer.from([127, 0, 0, 1]));
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
