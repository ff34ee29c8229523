import { useState } from 'preact/hooks';
import type { LifeView, StepView } from '../protocol.ts';
import { durationText, exactTimeText, sizeText } from './format.ts';
import type { Store } from './store.ts';

const NAMES: Readonly<Record<StepView['kind'], string>> = {
  s3: 'S3 has the object',
  queued: 'SQS has the event',
  received: 'The function takes it',
  uploaded: 'The file is uploaded',
  message: 'The message is posted',
  found: 'The message is found: the answer was lost',
  waiting: 'Waits',
  'dead-lettered': 'Dead letter',
  ignored: 'Ignored',
  'sent-back': 'Sent back',
};

/** One file's life: a line with its bar; opened, every step with its time. */
export const Life = ({ life, store, now }: { life: LifeView; store: Store; now: number }) => {
  const { key, sizeBytes, state, steps, advice, message } = life;
  const last = steps.findLast(({ kind }) => kind === (state === 'dead-lettered' ? state : 'waiting'));
  const isStopped = state === 'waiting' || state === 'dead-lettered';
  const since = steps[0]?.at ?? now;
  return (
    <li class={`life ${state}`}>
      <details>
        <summary>
          <span class="life-head">
            <bdi class="life-key">{key ?? 'An event that cannot be read'}</bdi>
            <span class="quiet">{sizeBytes === undefined ? '' : sizeText(sizeBytes)}</span>
            <span class="life-time">
              {life.latencyMs !== undefined
                ? durationText(life.latencyMs)
                : isStopped || state === 'in-work'
                  ? `since ${durationText(Math.max(0, now - since))}`
                  : ''}
            </span>
          </span>
          <Bar steps={steps} end={state === 'posted' ? undefined : now} />
        </summary>
        <ol class="steps">
          {steps.map((step, index) => (
            <Step step={step} previous={steps[index - 1]} />
          ))}
        </ol>
        {message && (
          <p>
            <a href={`${message.path}?msg=${message.id}`}>Show the message</a>
          </p>
        )}
      </details>
      {isStopped && last?.reason !== undefined && (
        <div class="why">
          <p>
            <strong class="reason">{last.reason}</strong>
            {state === 'waiting' && (
              <span class="quiet">
                {last.times && last.times > 1 ? ` ${last.times} tries` : ''}
                {retryText(last.retryAt, now)}
              </span>
            )}
          </p>
          {last.detail && <p class="detail">{last.detail}</p>}
          {advice && <p class="advice">{advice}</p>}
          {state === 'dead-lettered' && <SendBack store={store} id={life.id} name={key ?? 'the message'} />}
        </div>
      )}
    </li>
  );
};

const retryText = (retryAt: number | undefined, now: number): string =>
  retryAt === undefined ? '' : retryAt > now ? `, again in ${durationText(retryAt - now)}` : ', next in line';

const SendBack = ({ store, id, name }: { store: Store; id: number; name: string }) => {
  const [state, setState] = useState<'idle' | 'busy' | string>('idle');
  const send = () => {
    setState('busy');
    store.sendBack(id).then(
      () => setState('idle'),
      (error: unknown) => setState(error instanceof Error ? error.message : String(error)),
    );
  };
  return (
    <p>
      <button type="button" class="button strong" disabled={state === 'busy'} onClick={send}>
        Send back<span class="visually-hidden"> {name}</span>
      </button>
      {state !== 'idle' && state !== 'busy' && <span role="alert"> {state}</span>}
    </p>
  );
};

const Step = ({ step, previous }: { step: StepView; previous: StepView | undefined }) => (
  <li class={`step ${step.kind}`}>
    <span>
      {NAMES[step.kind]}
      {step.reason !== undefined && (
        <>
          : <span class="reason">{step.reason}</span>
          {step.times !== undefined && step.times > 1 ? ` ${step.times}×` : ''}
        </>
      )}
    </span>
    <time dateTime={new Date(step.at).toISOString()} title={exactTimeText(step.at)}>
      {previous === undefined ? exactTimeText(step.at) : `+${durationText(Math.max(0, step.at - previous.at))}`}
    </time>
    {step.detail && <span class="detail">{step.detail}</span>}
  </li>
);

/** The time between the steps, to scale: in the queue, upload, confirm, waiting. */
const Bar = ({ steps, end }: { steps: readonly StepView[]; end: number | undefined }) => {
  const lastAt = end ?? steps.at(-1)?.at ?? 0;
  const isOver = steps.at(-1)?.kind === 'dead-lettered' || steps.at(-1)?.kind === 'ignored';
  const parts = steps.flatMap((step, index) => {
    const next = steps[index + 1];
    const until = next?.at ?? (isOver ? step.at : lastAt);
    const ms = Math.max(0, until - step.at);
    return ms === 0 ? [] : [{ kind: step.kind, ms }];
  });
  return (
    <span class="bar" aria-hidden="true">
      {parts.map(({ kind, ms }) => (
        <span class={`part ${kind}`} style={{ flexGrow: ms }} title={durationText(ms)} />
      ))}
    </span>
  );
};
