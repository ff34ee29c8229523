/**
 * The variables in the function's environment that configure its calls to AWS. Lambda, the stack and the operator set
 * them.
 */
export type AwsEnvironment = ReturnType<typeof readAwsEnvironment>;

/**
 * Reads the variables that the AWS SDKs document: https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
 * @param text reads a variable that must be set
 */
export const readAwsEnvironment = (
  env: Readonly<Record<string, string | undefined>>,
  text: (name: string) => string,
) => {
  const isTrue = (name: string) => env[name]?.toLowerCase() === 'true';
  return {
    region: text('AWS_REGION'),
    credentials: {
      accessKeyId: text('AWS_ACCESS_KEY_ID'),
      secretAccessKey: text('AWS_SECRET_ACCESS_KEY'),
      ...(env['AWS_SESSION_TOKEN'] ? { sessionToken: env['AWS_SESSION_TOKEN'] } : {}),
    },
    useFipsEndpoint: isTrue('AWS_USE_FIPS_ENDPOINT'),
    useDualstackEndpoint: isTrue('AWS_USE_DUALSTACK_ENDPOINT'),
    endpoints: {
      s3: env['AWS_ENDPOINT_URL_S3'] || undefined,
      dynamodb: env['AWS_ENDPOINT_URL_DYNAMODB'] || undefined,
      sqs: env['AWS_ENDPOINT_URL_SQS'] || undefined,
      secretsManager: env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] || undefined,
    },
  };
};
