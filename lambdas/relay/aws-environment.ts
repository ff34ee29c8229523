/** Where AWS is and who we are there: what Lambda and the stack put into the function's environment. */
export interface AwsEnvironment {
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** @returns e.g. `https://dynamodb.eu-central-1.amazonaws.com`, and whether it was named in the environment */
  endpointOf(service: AwsService): { readonly url: URL; readonly isCustom: boolean };
}

/** Those of the function's role. They stay the same for as long as the process lives. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type AwsService = 's3' | 'dynamodb' | 'secretsmanager';

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
const ENDPOINT_VARIABLE = {
  s3: 'AWS_ENDPOINT_URL_S3',
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
  secretsmanager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
} as const;

/**
 * @param text reads a variable that must be there
 * @param urlSuffix of the partition's host names, e.g. `amazonaws.com`
 */
export const readAwsEnvironment = (
  env: Readonly<Record<string, string | undefined>>,
  text: (name: string) => string,
  urlSuffix: string,
): AwsEnvironment => {
  const region = text('AWS_REGION');
  return {
    region,
    credentials: {
      accessKeyId: text('AWS_ACCESS_KEY_ID'),
      secretAccessKey: text('AWS_SECRET_ACCESS_KEY'),
      ...(env['AWS_SESSION_TOKEN'] ? { sessionToken: env['AWS_SESSION_TOKEN'] } : {}),
    },
    endpointOf(service) {
      const custom = env[ENDPOINT_VARIABLE[service]] ?? '';
      const url = new URL(custom === '' ? `https://${service}.${region}.${urlSuffix}` : custom);
      return { url, isCustom: custom !== '' };
    },
  };
};
