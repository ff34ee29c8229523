import { adviceFor } from '../../../relay-feed/advice.ts';
import type { LifeStep, ObjectLife } from '../../../relay-feed/relay-feed.ts';
import { roomPath } from '../../state/rooms.ts';
import type { World } from '../../state/world.ts';
import type { LifeView, StepView } from '../protocol.ts';
import { visible } from './visible.ts';

/** An object's life, with what the chat server knows: when the upload was stored and when the message was posted. */
export const lifeView = (world: World, life: ObjectLife): LifeView => {
  const upload = life.fileId === undefined ? undefined : world.uploads.byId(life.fileId);
  const message =
    (life.messageId === undefined ? undefined : world.messages.byId(life.messageId)) ??
    (life.fileId === undefined ? undefined : world.messages.byFileId(life.fileId));
  const room = message && world.rooms.byId(message.rid);
  const steps = life.steps.flatMap((step) => stepViews(step, message?.ts.getTime()));
  if (upload !== undefined) steps.push({ kind: 'uploaded', at: upload.uploadedAt.getTime() });
  const why = life.steps.findLast(({ kind }) => kind === 'waiting' || kind === 'dead-lettered');
  const isStopped = life.state === 'waiting' || life.state === 'dead-lettered';
  return {
    id: life.id,
    key: life.key === undefined ? undefined : visible(life.key),
    sizeBytes: life.sizeBytes,
    state: life.state,
    // Equal times keep the order in which the steps follow one another.
    steps: steps.sort((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind]),
    advice: isStopped && why !== undefined && 'reason' in why ? adviceFor(why.reason) : undefined,
    fileId: life.fileId,
    message: message && room && { id: message._id, path: roomPath(room) },
    latencyMs: message === undefined ? life.latencyMs : Math.max(0, message.ts.getTime() - (life.steps[0]?.at ?? 0)),
  };
};

const stepViews = (step: LifeStep, messageAt: number | undefined): StepView[] => {
  switch (step.kind) {
    case 'waiting': {
      const { kind, at, reason, times, retryAt } = step;
      return [{ kind, at, reason, times, retryAt, detail: step.detail && visible(step.detail) }];
    }
    case 'dead-lettered':
      return [{ kind: step.kind, at: step.at, reason: step.reason, detail: step.detail && visible(step.detail) }];
    case 'ignored':
      return [{ kind: step.kind, at: step.at, detail: visible(step.detail) }];
    case 'posted': {
      const posted: StepView = { kind: 'message', at: messageAt ?? step.at };
      return step.wasFound ? [posted, { kind: 'found', at: step.at }] : [posted];
    }
    default:
      return [{ kind: step.kind, at: step.at }];
  }
};

const RANK: Readonly<Record<StepView['kind'], number>> = {
  s3: 0,
  'sent-back': 1,
  queued: 2,
  received: 3,
  uploaded: 4,
  message: 5,
  waiting: 6,
  'dead-lettered': 7,
  found: 8,
  ignored: 9,
};
