import type { ApiRequest, Endpoint } from '../calls/endpoint.ts';
import { forbidden, pageOf, success } from '../http/answer.ts';
import { AnswerError, MeteorError } from '../http/meteor-error.ts';
import { filePath } from '../state/message-file.ts';
import { canAccess, type Room, type RoomType } from '../state/rooms.ts';
import type { StoredFile } from '../state/uploads.ts';
import type { User } from '../state/users.ts';

/** The files of a room, one endpoint per room type. Temporary uploads are included and have `expiresAt`; thumbnails are not. */
export const filesEndpoints: readonly Endpoint[] = (
  [
    ['c', '/api/v1/channels.files'],
    ['p', '/api/v1/groups.files'],
    ['d', '/api/v1/im.files'],
  ] as const
).map(
  ([type, path]): Endpoint => ({
    name: 'files',
    method: 'GET',
    path,
    access: 'user',
    prepare: (request, user) => () => listFiles(request, user, type),
  }),
);

const listFiles = ({ world, query }: ApiRequest, user: User, type: RoomType) => {
  const room = findRoom({ world, query }, user, type);
  const matches = nameFilter(query.get('name'));
  const files = world.uploads
    .all()
    .filter((file) => file.roomId === room.id && file.thumbnailOf === undefined && matches(file.name))
    .sort(fileOrder(query.get('sort')));
  const { page, ...counts } = pageOf(files, query);
  return success({ files: page.map((file) => fileBody(file, user)), ...counts });
};

const findRoom = ({ world, query }: Pick<ApiRequest, 'world' | 'query'>, user: User, type: RoomType): Room => {
  const roomId = query.get('roomId');
  const room = roomId === null ? world.rooms.byName(query.get('roomName') ?? '') : world.rooms.byId(roomId);
  if (!room || room.type !== type || (type !== 'c' && !canAccess(room, user.id))) {
    throw new MeteorError(
      'error-room-not-found',
      'The required "roomId" or "roomName" param provided does not match any channel',
    );
  }
  if (!canAccess(room, user.id)) throw new AnswerError(forbidden(world.version));
  return room;
};

/** The server reads `name` as a regular expression, so a client must escape it. */
const nameFilter = (name: string | null): ((fileName: string) => boolean) => {
  if (!name) return () => true;
  const pattern = new RegExp(name, 'i');
  return (fileName) => pattern.test(fileName);
};

/** Sorts by name, or by `uploadedAt` if the query asks for it. Other sort keys are not implemented. */
const fileOrder = (sort: string | null): ((a: StoredFile, b: StoredFile) => number) => {
  const order: unknown = sort === null ? {} : JSON.parse(sort);
  const byTime = typeof order === 'object' && order !== null && 'uploadedAt' in order ? Number(order.uploadedAt) : 0;
  if (byTime === 0) return (a, b) => (a.name < b.name ? -1 : 1);
  return (a, b) => byTime * (a.uploadedAt.getTime() - b.uploadedAt.getTime());
};

const fileBody = (file: StoredFile, user: User) => ({
  _id: file.id,
  name: file.name,
  size: file.sizeBytes,
  type: file.type,
  rid: file.roomId,
  userId: file.userId,
  uploadedAt: file.uploadedAt,
  ...(file.expiresAt && { expiresAt: file.expiresAt }),
  complete: true,
  path: filePath(file),
  url: filePath(file),
  user: { _id: user.id, username: user.username, name: user.name },
});
