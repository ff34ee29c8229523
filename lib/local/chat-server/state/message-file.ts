import type { MessageFile } from './messages.ts';
import type { StoredFile } from './uploads.ts';

/** The file's download path. `encodeURI` leaves `#` and `?` unchanged, as on the real server. */
export const filePath = (file: Pick<StoredFile, 'id' | 'name'>): string =>
  `/file-upload/${file.id}/${encodeURI(file.name)}`;

/** The fields of a message that shows a file: `file`, `files` (for images with a thumbnail), `attachments` (`sendFileMessage.ts`). */
export const fileParts = (file: StoredFile, thumbnail: StoredFile | undefined, description: string | undefined) => ({
  file: messageFile(file),
  files: [messageFile(file), ...(thumbnail ? [messageFile(thumbnail)] : [])],
  attachments: [attachment(file, description)],
});

const messageFile = (file: StoredFile): MessageFile => ({
  _id: file.id,
  name: file.name,
  type: file.type,
  size: file.sizeBytes,
  format: formatOf(file),
});

const attachment = (file: StoredFile, description: string | undefined): Record<string, unknown> => {
  const link = filePath(file);
  const family = ['image', 'audio', 'video'].find((name) => file.type.startsWith(`${name}/`));
  return {
    title: file.name,
    type: 'file',
    ...(description !== undefined && { description }),
    title_link: link,
    title_link_download: true,
    ...(family
      ? { [`${family}_url`]: link, [`${family}_type`]: file.type, [`${family}_size`]: file.sizeBytes }
      : { format: extension(file.name).toUpperCase(), size: file.sizeBytes }),
    fileId: file.id,
  };
};

const formatOf = (file: StoredFile): string => (file.type.startsWith('image/') ? (file.type.split('/')[1] ?? '') : '');

const extension = (name: string): string => (name.includes('.') ? (name.split('.').at(-1) ?? '') : '');
