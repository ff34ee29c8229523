export interface LambdaShape {
  readonly functionName: string;
  /** The function's memory in MiB. */
  readonly memoryMb: number;
  readonly region: string;
}

/**
 * The environment variables that Lambda sets. None of this process's variables are included, so that the user's AWS_PROFILE
 * and ~/.aws do not affect the function.
 */
export const lambdaEnvironment = (
  { functionName, memoryMb, region }: LambdaShape,
  paths: { taskRoot: string; handler: string; runtimeApi: string },
): Record<string, string> => ({
  _HANDLER: paths.handler,
  AWS_LAMBDA_RUNTIME_API: paths.runtimeApi,
  AWS_LAMBDA_FUNCTION_NAME: functionName,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
  AWS_LAMBDA_LOG_STREAM_NAME: 'local',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  LAMBDA_TASK_ROOT: paths.taskRoot,
  HOME: paths.taskRoot,
  LANG: 'en_US.UTF-8',
  NODE_ENV: 'production',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  TZ: ':UTC',
});

/** The heap limits of Lambda's Node runtime: 90 % of the memory for the old space, 5 % for each semi-space. */
export const heapFlags = (memoryMb: number): string[] => [
  `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
  `--max-semi-space-size=${Math.max(1, Math.floor(memoryMb * 0.05))}`,
];
