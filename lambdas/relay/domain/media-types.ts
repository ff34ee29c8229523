import mime from 'mime';
import other from 'mime/types/other.js';
import standard from 'mime/types/standard.js';

/** The server's lists of media types: comma-separated; `image/*` means all image types and `*` all types. */
export interface MediaTypeLists {
  /** Empty allows every type. */
  readonly whiteList: string;
  /** Overrides the white list. */
  readonly blackList: string;
}

/**
 * Whether Rocket.Chat certainly refuses a file for its type. It decides by a version of mime-db that is not known here,
 * so each type that it may give the file must be refused; in doubt the server decides.
 *
 * @param declared the type in the part's header
 */
export const isTypeRefused = (declared: string, name: string, lists: MediaTypeLists): boolean =>
  possibleTypes(declared, name).every((type) => !isAllowed(type, lists));

const GENERIC = 'application/octet-stream';

/**
 * The types that Rocket.Chat may give a file (`getMimeType` in `app/utils/lib/mimeTypes.ts`): the declared one if
 * mime-db knows it and its usual extension is not the name's; otherwise one that mime-db knows for the name's extension.
 */
export const possibleTypes = (declared: string, name: string): readonly string[] => {
  const extension = name.split('.').pop()?.toLowerCase() ?? '';
  const usual = declared === GENERIC ? null : mime.getAllExtensions(declared);
  if (usual !== null && !usual.has(extension)) return [declared];
  const byName = typesByExtension().get(extension) ?? [GENERIC];
  return [...new Set([...byName, declared])];
};

let byExtension: Map<string, string[]> | undefined;

/** Several types can have an extension, for example `.xml` and `.wav`; versions of mime-db differ in their choice. */
const typesByExtension = (): ReadonlyMap<string, readonly string[]> => {
  if (byExtension !== undefined) return byExtension;
  // Rocket.Chat adds the type of `.lst`.
  byExtension = new Map([['lst', ['text/plain']]]);
  for (const [type, extensions] of [...Object.entries(standard), ...Object.entries(other)]) {
    for (const extension of extensions) {
      // '*' marks an extension for which another type is preferred.
      const plain = extension.replace(/^\*/, '');
      byExtension.set(plain, [...(byExtension.get(plain) ?? []), type]);
    }
  }
  return byExtension;
};

const isAllowed = (type: string, { whiteList, blackList }: MediaTypeLists): boolean =>
  !isListed(type, blackList) && (whiteList.trim() === '' || isListed(type, whiteList));

const isListed = (type: string, list: string): boolean => {
  const entries = list.split(',').map((entry) => entry.trim());
  return entries.includes('*') || entries.includes(type) || entries.includes(`${type.split('/')[0]}/*`);
};
