import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { buildApp } from 'fauxqs';

interface MoveTask {
  readonly handle: string;
  readonly sourceArn: string;
  readonly destinationArn: string;
  readonly perSecond: number | undefined;
  readonly startedAt: number;
  readonly toMove: number;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
  moved: number;
  failure: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface ReceivedMessage {
  readonly Body: string;
  readonly ReceiptHandle: string;
  readonly MessageAttributes?: unknown;
  readonly Attributes: { readonly SentTimestamp: string };
}

/** Longer than the move of one batch takes. */
const HIDDEN_SECONDS = 30;

/**
 * The move tasks of SQS, which fauxqs does not have
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html).
 */
export const createMoveTasks = (
  app: ReturnType<typeof buildApp>,
): { answer(target: string, input: Input): Promise<Answer | undefined> } => {
  const tasks: MoveTask[] = [];

  const call = async <Output>(action: string, input: object): Promise<Output> => {
    const answer = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'x-amz-target': `AmazonSQS.${action}`, 'content-type': 'application/x-amz-json-1.0' },
      payload: JSON.stringify(input),
    });
    const body = JSON.parse(answer.body) as Output & { message?: string };
    if (answer.statusCode !== 200) throw new Error(`${action}: ${body.message}`);
    return body;
  };

  /** Each message is sent before it is deleted, so that a failure in between repeats it and loses none. */
  const moveOne = async (task: MoveTask, message: ReceivedMessage): Promise<void> => {
    const { Body: MessageBody, MessageAttributes, ReceiptHandle } = message;
    await call('SendMessage', { QueueUrl: urlOf(task.destinationArn), MessageBody, MessageAttributes });
    await call('DeleteMessage', { QueueUrl: urlOf(task.sourceArn), ReceiptHandle });
    task.moved += 1;
    if (task.perSecond !== undefined) await sleep(1_000 / task.perSecond);
  };

  const run = async (task: MoveTask): Promise<void> => {
    const QueueUrl = urlOf(task.sourceArn);
    while (task.status === 'RUNNING') {
      const { Messages: received = [] } = await call<{ Messages?: ReceivedMessage[] }>('ReceiveMessage', {
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: HIDDEN_SECONDS,
        AttributeNames: ['SentTimestamp'],
        MessageAttributeNames: ['All'],
      });
      // A moved message can fail at once and come back.
      const isWanted = (message: ReceivedMessage) =>
        task.status === 'RUNNING' && Number(message.Attributes.SentTimestamp) <= task.startedAt;
      let movedNow = 0;
      for (const message of received) {
        if (isWanted(message)) {
          await moveOne(task, message);
          movedNow += 1;
        } else {
          const { ReceiptHandle } = message;
          await call('ChangeMessageVisibility', { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
        }
      }
      if (movedNow === 0) break;
    }
    task.status = task.status === 'CANCELLING' ? 'CANCELLED' : 'COMPLETED';
  };

  const start = async (input: Input): Promise<Answer> => {
    const { SourceArn: sourceArn, DestinationArn: destinationArn, MaxNumberOfMessagesPerSecond: perSecond } = input;
    if (typeof sourceArn !== 'string') return missing('SourceArn');
    if (
      perSecond !== undefined &&
      !(Number.isInteger(perSecond) && Number(perSecond) >= 1 && Number(perSecond) <= 500)
    ) {
      return failure('InvalidParameterValue', 'MaxNumberOfMessagesPerSecond must be an integer from 1 to 500.');
    }
    // The function itself sends dead letters, so SQS does not know the queue that they came from.
    if (typeof destinationArn !== 'string') {
      return failure(
        'InvalidParameterValue',
        'The embedded SQS needs DestinationArn: it does not know the source queues.',
      );
    }
    if (tasks.some((task) => task.sourceArn === sourceArn && task.status === 'RUNNING')) {
      return failure('UnsupportedOperation', 'There is already a task running. Only one active task is allowed.');
    }
    let toMove: number;
    try {
      await call('GetQueueAttributes', { QueueUrl: urlOf(destinationArn), AttributeNames: ['QueueArn'] });
      const input = { QueueUrl: urlOf(sourceArn), AttributeNames: ['ApproximateNumberOfMessages'] };
      const { Attributes } = await call<{ Attributes: Record<string, string> }>('GetQueueAttributes', input);
      toMove = Number(Attributes['ApproximateNumberOfMessages']);
    } catch {
      return failure(
        'ResourceNotFoundException',
        'The resource that you specified for SourceArn or DestinationArn doesn’t exist.',
      );
    }
    const task: MoveTask = {
      handle: randomUUID(),
      sourceArn,
      destinationArn,
      perSecond: perSecond as number | undefined,
      startedAt: Date.now(),
      toMove,
      status: 'RUNNING',
      moved: 0,
      failure: undefined,
    };
    tasks.unshift(task);
    run(task).catch((error: unknown) => {
      task.status = 'FAILED';
      task.failure = String(error);
    });
    return { status: 200, body: { TaskHandle: task.handle } };
  };

  const list = ({ SourceArn: sourceArn, MaxResults: limit }: Input): Answer => {
    if (typeof sourceArn !== 'string') return missing('SourceArn');
    const found = tasks.filter((task) => task.sourceArn === sourceArn).slice(0, Number(limit ?? 1));
    return { status: 200, body: { Results: found.map(describe) } };
  };

  const cancel = ({ TaskHandle: handle }: Input): Answer => {
    const task = tasks.find((one) => one.handle === handle && one.status === 'RUNNING');
    if (task === undefined) return failure('ResourceNotFoundException', 'There is no running task with this handle.');
    task.status = 'CANCELLING';
    return { status: 200, body: { ApproximateNumberOfMessagesMoved: task.moved } };
  };

  return {
    async answer(target, input) {
      switch (target) {
        case 'AmazonSQS.StartMessageMoveTask':
          return start(input);
        case 'AmazonSQS.ListMessageMoveTasks':
          return list(input);
        case 'AmazonSQS.CancelMessageMoveTask':
          return cancel(input);
        default:
          return undefined;
      }
    },
  };
};

interface Input {
  readonly SourceArn?: unknown;
  readonly DestinationArn?: unknown;
  readonly MaxNumberOfMessagesPerSecond?: unknown;
  readonly MaxResults?: unknown;
  readonly TaskHandle?: unknown;
}

const describe = (task: MoveTask) => ({
  // As on AWS, only a running task can be named.
  TaskHandle: task.status === 'RUNNING' ? task.handle : undefined,
  Status: task.status,
  SourceArn: task.sourceArn,
  DestinationArn: task.destinationArn,
  MaxNumberOfMessagesPerSecond: task.perSecond,
  ApproximateNumberOfMessagesMoved: task.moved,
  ApproximateNumberOfMessagesToMove: task.toMove,
  FailureReason: task.failure,
  StartedTimestamp: task.startedAt,
});

/** fauxqs reads only the name of a queue's URL. */
const urlOf = (arn: string): string => `http://localhost/000000000000/${arn.split(':').at(-1)}`;

const failure = (type: string, message: string): Answer => ({
  status: 400,
  body: { __type: `com.amazonaws.sqs#${type}`, message },
});

const missing = (name: string): Answer =>
  failure('MissingRequiredParameterException', `The request must contain the parameter ${name}.`);
