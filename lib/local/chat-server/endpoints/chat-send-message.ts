import type { Endpoint } from '../calls/endpoint.ts';
import { failure, success } from '../http/answer.ts';
import { readJsonBody } from '../http/json-body.ts';
import { MeteorError } from '../http/meteor-error.ts';
import { type Draft, postMessage } from './posting.ts';

/**
 * Posts a message under the id that the client gives. A second one with this id is not inserted: the server finds nothing
 * to insert, and a TypeError becomes the answer. Only in a race the insert itself fails, with MongoDB's error.
 */
export const chatSendMessage: Endpoint = {
  name: 'sendMessage',
  method: 'POST',
  path: '/api/v1/chat.sendMessage',
  access: 'user',
  limit: { calls: 5, windowMs: 1000, liftedBy: 'send-many-messages' },
  prepare: async ({ world, incoming }, user) => {
    const { message } = await readJsonBody(incoming);
    return () => {
      if (typeof message !== 'object' || message === null) {
        return failure("must have required property 'message'", 'error-invalid-params');
      }
      const draft = toDraft({ ...message });
      if (draft.rid === '') throw new Error("The 'rid' property on the message object is missing.");
      if (draft._id !== undefined && world.messages.byId(draft._id) && world.features.repeatedIdError === 'TypeError') {
        throw new TypeError("Cannot read properties of undefined (reading 'starred')");
      }
      return success({ message: postMessage(world, user, draft) });
    };
  },
};

/** Posts a message under a new id. A repeated call posts another message. */
export const chatPostMessage: Endpoint = {
  name: 'postMessage',
  method: 'POST',
  path: '/api/v1/chat.postMessage',
  access: 'user',
  prepare: async ({ world, incoming }, user) => {
    const body = await readJsonBody(incoming);
    return () => {
      const { text, roomId, channel, _id: _, ...rest } = body;
      const room = findRoom(roomId ?? channel);
      if (!room) throw new MeteorError('invalid-channel');
      const draft = toDraft({ ...rest, rid: room.id, msg: text });
      const message = postMessage(world, user, draft);
      return success({ ts: world.clock.now(), channel: room.name ?? room.id, message });
    };

    function findRoom(target: unknown) {
      if (typeof target !== 'string') return undefined;
      return world.rooms.byId(target) ?? world.rooms.byName(target.replace(/^#/, ''));
    }
  },
};

const TEXTS = ['_id', 'tmid', 'alias', 'avatar', 'emoji', 't'] as const;

const toDraft = (body: Record<string, unknown>): Draft => {
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const key of TEXTS) {
    const value = body[key];
    if (typeof value === 'string') texts[key] = value;
  }
  const { rid, msg, attachments } = body;
  return {
    ...texts,
    rid: typeof rid === 'string' ? rid : '',
    msg: typeof msg === 'string' ? msg : '',
    ...(Array.isArray(attachments) && { attachments: attachments as Record<string, unknown>[] }),
  };
};
