/**
 * Stands in for `@aws-sdk/credential-provider-node` in the function's bundle. Lambda puts the credentials of a function's
 * role into its environment, so the ways over profiles, SSO, web identities, processes and metadata services, an eighth
 * of the SDK's code, are never gone.
 */
export const defaultProvider = () => {
  // They stay the same for as long as the process lives, and reading the environment costs more than it looks.
  let credentials: Promise<Credentials> | undefined;
  return (): Promise<Credentials> => {
    credentials ??= read();
    return credentials;
  };
};

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const read = async (): Promise<Credentials> => {
  const { env } = process;
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = env['AWS_SESSION_TOKEN'];
  if (!accessKeyId || !secretAccessKey) {
    throw Object.assign(new Error('there are no AWS credentials in the environment: has the function a role?'), {
      name: 'CredentialsProviderError',
    });
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
};
