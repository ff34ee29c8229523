import { execFile, spawnSync } from 'node:child_process';

/** Whether the AWS CLI is installed. Tests that need it are skipped, and so counted, where it is not. */
export const hasAwsCli = spawnSync('aws', ['--version']).status === 0;

/** Runs the AWS CLI against an endpoint, without any configuration of the user's. @throws Error with the CLI's stderr */
export const createAwsCli =
  (endpoint: string, credentials = { accessKeyId: 'any', secretAccessKey: 'any' }) =>
  (...args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = {
        PATH: process.env['PATH'],
        HOME: '/nonexistent',
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
      };
      execFile('aws', ['--endpoint-url', endpoint, ...args], { env, encoding: 'utf8' }, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`aws ${args.join(' ')}: ${stderr || error.message}`)),
      );
    });
