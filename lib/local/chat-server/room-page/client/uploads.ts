import type { Store } from './store.ts';

interface Upload {
  readonly key: string;
  readonly file: File;
}

/** How many files are uploaded at a time. Browsers allow six connections to a server, and the live updates take one. */
const AT_ONCE = 3;
const SHOWN_FAILURES = 5;

/** Uploads files to the bucket through the server. */
export const createUploader = (store: Store) => {
  const waiting: Upload[] = [];
  let running = 0;

  const next = async (): Promise<void> => {
    const upload = waiting.shift();
    if (upload === undefined) return;
    running += 1;
    const failure = await send(upload);
    running -= 1;
    const { done, total, failures } = store.state.uploads;
    store.state.uploads = {
      done: done + 1,
      total,
      failures: failure === undefined ? failures : [...failures, failure].slice(-SHOWN_FAILURES),
    };
    store.changed();
    return next();
  };

  const add = (uploads: readonly Upload[]): void => {
    if (uploads.length === 0) return;
    const { done, total } = store.state.uploads;
    const isNewRun = done === total;
    store.state.uploads = {
      done: isNewRun ? 0 : done,
      total: (isNewRun ? 0 : total) + uploads.length,
      failures: isNewRun ? [] : store.state.uploads.failures,
    };
    waiting.push(...uploads);
    store.changed();
    for (let i = running; i < AT_ONCE; i += 1) void next();
  };

  return {
    add: (files: Iterable<File>) => add([...files].map((file) => ({ key: keyOf(file.name), file }))),
    /** Files and folders; a file in a folder gets its relative path as key. */
    drop: async (data: DataTransfer) => {
      // The entries must be taken before the first await: the browser empties the list after the event.
      const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
      if (entries.length === 0) return add([...data.files].map((file) => ({ key: keyOf(file.name), file })));
      for (const entry of entries) add(await filesIn(entry));
    },
  };
};

const send = async ({ key, file }: Upload): Promise<string | undefined> => {
  try {
    const answer = await fetch(`/room-page/upload?${new URLSearchParams({ key })}`, { method: 'POST', body: file });
    return answer.ok ? undefined : await answer.text();
  } catch {
    return `${key} was not uploaded: the server did not answer, or the file cannot be read. Drop it again.`;
  }
};

const filesIn = async (entry: FileSystemEntry): Promise<Upload[]> => {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ key: keyOf(entry.fullPath.replace(/^\//, '')), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Upload[] = [];
  for (;;) {
    // The reader gives a part of a large folder at a time, and an empty list at the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return found;
    for (const child of part) found.push(...(await filesIn(child)));
  }
};

/** Some systems decompose umlauts (NFD); S3 and Rocket.Chat do not compose them again. */
const keyOf = (path: string): string => path.normalize('NFC');
