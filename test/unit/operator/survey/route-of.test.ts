import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { routeOf } from '../../../../lib/operator/survey/route-of.ts';

/** Answers each call with a status and no body, as S3 answers HEAD. */
const s3With = (statusCode: number): S3Client => {
  const client = new S3Client({ region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  client.middlewareStack.add(
    () => async () => {
      throw Object.assign(new Error('x'), { name: String(statusCode), $metadata: { httpStatusCode: statusCode } });
    },
    { step: 'initialize' },
  );
  return client;
};
const routes = [{ contentTypes: ['image/*'], room: '#images' }];
const object = { bucket: 'uploads', key: 'a.png', sizeBytes: 3 };

describe('routeOf', () => {
  it('ignores an object that was deleted since it was listed', async () => {
    expect(await routeOf(routes, object, s3With(404))).toEqual({ kind: 'ignored', why: 'it was deleted' });
  });

  it('fails if S3 does not say what a route depends on', async () => {
    await expect(routeOf(routes, object, s3With(403))).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  it('asks S3 only if a route depends on it', async () => {
    expect(await routeOf([{ room: '#all' }], object, s3With(500))).toEqual({ kind: 'routed', rooms: ['#all'] });
  });
});
