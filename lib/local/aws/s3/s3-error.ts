/** An error answer of S3 (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const noSuchBucket = (bucket: string): S3Error =>
  new S3Error('NoSuchBucket', `The bucket ${bucket} does not exist.`, 404);

export const noSuchKey = (): S3Error => new S3Error('NoSuchKey', 'The specified key does not exist.', 404);

export const noSuchVersion = (): S3Error => new S3Error('NoSuchVersion', 'The specified version does not exist.', 404);

export const notImplemented = (feature: string): S3Error =>
  new S3Error('NotImplemented', `The embedded S3 does not support ${feature}.`, 501);
