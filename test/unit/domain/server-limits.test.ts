import { describe, expect, it } from 'vitest';
import { classify } from '../../../lambdas/relay/domain/failure.ts';
import { type FileToCheck, refusalOf, type ServerLimits } from '../../../lambdas/relay/domain/server-limits.ts';

const MIB = 1024 ** 2;
const file = (overrides: Partial<FileToCheck> = {}): FileToCheck => ({
  room: '#general',
  name: 'report.pdf',
  sizeBytes: 100 * MIB,
  contentType: 'application/pdf',
  ...overrides,
});

describe('a file', () => {
  it.each<[string, ServerLimits, Partial<FileToCheck>]>([
    ['has exactly the maximum, which only 7.x refuses', { maxFileSizeBytes: 100 * MIB }, {}],
    ['meets a server without a limit', { maxFileSizeBytes: undefined }, { sizeBytes: 50 * 1024 ** 4 }],
    ['is one byte smaller than a body that a proxy refused', { refusedBodyBytes: 100 * MIB + 1 }, {}],
    ['goes to a channel while only direct messages take none', { takesDirectUploads: false }, {}],
    ['goes to a user', { takesDirectUploads: true }, { room: '@ann' }],
    [
      'has a type that is not known yet',
      { mediaTypes: { whiteList: 'image/*', blackList: '' } },
      { contentType: undefined },
    ],
    ['meets limits that could not be read', {}, {}],
  ])('is left to the server if it %s', (_, limits, overrides) => {
    expect(refusalOf(limits, file(overrides))).toBeUndefined();
  });

  it.each<[string, ServerLimits, Partial<FileToCheck>, string, string, string]>([
    [
      'is a byte too large',
      { maxFileSizeBytes: 100 * MIB },
      { sizeBytes: 100 * MIB + 1 },
      'refused',
      'FILE_TOO_LARGE',
      "the server's limit is 100 MiB",
    ],
    [
      'may have no bytes at all',
      { maxFileSizeBytes: 0 },
      { sizeBytes: 1 },
      'refused',
      'FILE_TOO_LARGE',
      'limit is 0 B',
    ],
    [
      'is as large as a body that a proxy refused',
      { refusedBodyBytes: 100 * MIB },
      {},
      'refused',
      'FILE_TOO_LARGE',
      'a proxy before the server has just refused 100 MiB (413)',
    ],
    [
      'has a type on the black list',
      { mediaTypes: { whiteList: '', blackList: 'application/pdf' } },
      {},
      'refused',
      'MEDIA_TYPE_REFUSED',
      'its declared type is application/pdf',
    ],
    ['meets uploads that are turned off', { takesUploads: false }, {}, 'misconfigured', 'UPLOADS_DISABLED', 'Enabled)'],
    [
      'goes to a user while direct messages take none',
      { takesDirectUploads: false },
      { room: '@ann' },
      'misconfigured',
      'UPLOADS_DISABLED',
      'FileUpload_Enabled_Direct',
    ],
  ])('is refused if it %s', (_, limits, overrides, kind, reason, text) => {
    const failure = classify(refusalOf(limits, file(overrides)), 'media');
    expect(failure).toMatchObject({ kind, reason });
    expect(failure.detail).toContain(text);
  });
});
