import type { Send } from './send.ts';

/** fetch with a FormData and a Blob, as in most samples: the object is in memory more than once. */
export const send: Send = async (from, to) => {
  const source = await fetch(from);
  const form = new FormData();
  form.append('file', new Blob([await source.arrayBuffer()]), 'a.bin');
  const response = await fetch(to, { method: 'POST', body: form });
  await response.text();
  if (!response.ok) throw new Error(`answered ${response.status}`);
};
