export interface LambdaShape {
  readonly functionName: string;
  /** What the function was given, in MiB. */
  readonly memoryMb: number;
  readonly region: string;
}

/**
 * The environment that Lambda sets by itself. Nothing of this process's own environment is in it: an AWS_PROFILE or a
 * ~/.aws of whoever runs this must not change what the function does.
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

/** The heap that Lambda's Node runtime allows itself: nine tenths of the memory, a twentieth for a half of the young space. */
export const heapFlags = (memoryMb: number): string[] => [
  `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
  `--max-semi-space-size=${Math.max(1, Math.floor(memoryMb * 0.05))}`,
];
