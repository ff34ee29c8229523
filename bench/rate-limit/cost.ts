import type { Result } from '../../test/helpers/virtual/simulate.ts';

// List prices in US dollars, us-east-1: https://aws.amazon.com/{sqs,lambda,dynamodb}/pricing/
const PER_SQS_REQUEST = 0.4e-6;
const PER_INVOCATION = 0.2e-6;
/** 256 MB on arm64. */
const PER_FUNCTION_SECOND = 0.25 * 0.0000133334;
const PER_LEDGER_WRITE = 0.625e-6;
const PER_LEDGER_READ = 0.125e-6;

/** The cost of a million objects, from the calls of this run. Polls that receive nothing are not counted. */
export const costPerMillion = ({ sqs, ledger, invocations, busyMs }: Result, files: number): string => {
  const deletes = invocations;
  const dollars = {
    SQS: (files + sqs.receive + deletes + sqs.postpone + sqs.read + sqs.wake) * PER_SQS_REQUEST,
    Lambda: invocations * PER_INVOCATION + (busyMs / 1_000) * PER_FUNCTION_SECOND,
    DynamoDB: ledger.writes * PER_LEDGER_WRITE + ledger.reads * PER_LEDGER_READ,
  };
  const parts = Object.entries(dollars).map(([service, cost]) => `${service} ${perMillion(cost, files)}`);
  return `a million files: ${parts.join(', ')}`;
};

const perMillion = (dollars: number, files: number): string => `$${((dollars / files) * 1e6).toFixed(2)}`;
