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
  // The declared type is always possible. Looking it up first saves the table of mime-db.
  !isAllowed(declared, lists) && possibleTypes(declared, name).every((type) => !isAllowed(type, lists));

const GENERIC = 'application/octet-stream';

/**
 * The types that Rocket.Chat may give a file (`getMimeType` in `app/utils/lib/mimeTypes.ts`): the declared one if
 * mime-db knows it and its usual extension is not the name's; otherwise one that mime-db knows for the name's extension.
 */
export const possibleTypes = (declared: string, name: string): readonly string[] => {
  const { extensionsOf, typesOf } = mimeDb();
  const extension = name.split('.').pop()?.toLowerCase() ?? '';
  const usual = declared === GENERIC ? undefined : extensionsOf.get(declared.toLowerCase());
  if (usual !== undefined && !usual.includes(extension)) return [declared];
  const byName = typesOf.get(extension) ?? [GENERIC];
  return [...new Set([...byName, declared])];
};

interface MimeDb {
  readonly extensionsOf: ReadonlyMap<string, readonly string[]>;
  /** Several types can have an extension, for example `.xml` and `.wav`; versions of mime-db differ in their choice. */
  readonly typesOf: ReadonlyMap<string, readonly string[]>;
}

let known: MimeDb | undefined;

/** Made when it is first needed, which it rarely is: it has a thousand types. */
const mimeDb = (): MimeDb => {
  if (known !== undefined) return known;
  const extensionsOf = new Map<string, string[]>();
  // Rocket.Chat adds the type of `.lst`.
  const typesOf = new Map([['lst', ['text/plain']]]);
  const tables: readonly Readonly<Record<string, readonly string[]>>[] = [standard, other];
  for (const [type, marked] of tables.flatMap((table) => Object.entries(table))) {
    // '*' marks an extension for which another type is preferred.
    const extensions = marked.map((extension) => extension.replace(/^\*/, ''));
    extensionsOf.set(type, extensions);
    for (const extension of extensions) typesOf.set(extension, [...(typesOf.get(extension) ?? []), type]);
  }
  known = { extensionsOf, typesOf };
  return known;
};

const isAllowed = (type: string, { whiteList, blackList }: MediaTypeLists): boolean =>
  !isListed(type, blackList) && (whiteList.trim() === '' || isListed(type, whiteList));

const isListed = (type: string, list: string): boolean => {
  const entries = list.split(',').map((entry) => entry.trim());
  return entries.includes('*') || entries.includes(type) || entries.includes(`${type.split('/')[0]}/*`);
};
