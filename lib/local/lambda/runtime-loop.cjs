// Runs the function as Lambda's Node runtime does: loads it, then fetches one event after the other from the Runtime API
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). CommonJS without dependencies, so that the process
// loads nothing that Lambda would not load; importing node:http from an ES module would load undici.
'use strict';
const http = require('node:http');
const path = require('node:path');

// A terminal sends Ctrl-C to the whole process group, but the host decides when this process ends.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
/** The host has ended, perhaps by SIGKILL: removes the files of its run, and ends this process. */
const endWithHost = () => {
  const [, , runFolder] = process.argv;
  try {
    if (runFolder) require('../run-folder.ts').removeRunFolder(runFolder);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
};
process.on('disconnect', endWithHost);

const env = process.env;
const [apiHost, apiPort] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const call = (method, route, body) =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = http.request({
      host: apiHost,
      port: apiPort,
      method,
      agent,
      headers,
      path: `/2018-06-01/runtime/${route}`,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }));
    });
    request.end(body);
  });

const describe = (error) =>
  JSON.stringify(
    error instanceof Error
      ? { errorType: error.name, errorMessage: error.message, stackTrace: String(error.stack).split('\n') }
      : { errorType: typeof error, errorMessage: String(error), stackTrace: [] },
  );

const stop = async (error, exitCode) => {
  await call('POST', 'init/error', describe(error)).catch(() => {});
  process.exit(exitCode);
};

// As on Lambda, an uncaught error ends the process and fails the invocation.
for (const [event, errorType] of [
  ['uncaughtException', 'Runtime.UncaughtException'],
  ['unhandledRejection', 'Runtime.UnhandledPromiseRejection'],
]) {
  process.on(event, (error) => {
    console.error(JSON.stringify({ level: 'ERROR', message: errorType, error: JSON.parse(describe(error)) }));
    process.exit(event === 'uncaughtException' ? 129 : 128);
  });
}

const load = async () => {
  const [file, name] = env._HANDLER.split('.');
  let module;
  try {
    module = require(path.join(env.LAMBDA_TASK_ROOT, file));
  } catch (error) {
    if (error?.code === 'MODULE_NOT_FOUND') error.name = 'Runtime.ImportModuleError';
    throw error;
  }
  if (typeof module[name] !== 'function') {
    const error = new Error(`${env._HANDLER} is undefined or not exported`);
    error.name = 'Runtime.HandlerNotFound';
    throw error;
  }
  return module[name];
};

const contextOf = (headers) => ({
  callbackWaitsForEmptyEventLoop: true,
  functionName: env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
  invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
  memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  awsRequestId: headers['lambda-runtime-aws-request-id'],
  logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  getRemainingTimeInMillis: () => Number(headers['lambda-runtime-deadline-ms']) - Date.now(),
});

const main = async () => {
  let handler;
  try {
    handler = await load();
  } catch (error) {
    return stop(error, 1);
  }
  for (;;) {
    const { headers, text } = await call('GET', 'invocation/next');
    const route = `invocation/${headers['lambda-runtime-aws-request-id']}`;
    try {
      const answer = await handler(JSON.parse(text), contextOf(headers));
      await call('POST', `${route}/response`, JSON.stringify(answer) ?? '');
    } catch (error) {
      await call('POST', `${route}/error`, describe(error));
    }
  }
};

// The Runtime API does not answer, so the host has ended.
main().catch(endWithHost);
