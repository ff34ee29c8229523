import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** A Markdown file of the repository. */
export interface Page {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Snippet {
  readonly page: string;
  /** The line of its content's begin, from 1. */
  readonly line: number;
  /** The word after the backticks, often empty. */
  readonly language: string;
  readonly code: string;
}

const pageAt = (path: string): Page => ({ path, text: readFileSync(join(ROOT, path), 'utf8') });

const pagesBelow = (folder: string): Page[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => pageAt(`${folder}/${name.replaceAll('\\', '/')}`));

/** The pages in docs/. */
export const docsPages: readonly Page[] = pagesBelow('docs');

/** All pages for readers: those in docs/ and those beside README.md. */
export const allPages: readonly Page[] = [
  ...readdirSync(ROOT)
    .filter((name) => name.endsWith('.md'))
    .map(pageAt),
  ...docsPages,
];

const FENCED = /^(?<indent> *)```(?<language>\w*)\n(?<code>.*?)^ *```$/gms;

export const snippetsOf = ({ path, text }: Page): Snippet[] =>
  [...text.matchAll(FENCED)].map(({ index, groups: { indent = '', language = '', code = '' } = {} }) => ({
    page: path,
    line: text.slice(0, index).split('\n').length + 1,
    language,
    code: code
      .split('\n')
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n'),
  }));

/** The page without its snippets; the number of lines is the same. */
export const proseOf = ({ text }: Page): string => text.replace(FENCED, (all) => all.replace(/[^\n]/g, ''));

/** The code spans of the prose. A span may continue in the next line. */
export const spansOf = (page: Page): { code: string; line: number }[] => {
  const prose = proseOf(page);
  return [...prose.matchAll(/`([^`]+)`/g)].map(({ index, 1: code = '' }) => ({
    code: code.replaceAll('\n', ' '),
    line: prose.slice(0, index).split('\n').length,
  }));
};

/** The anchors that GitHub gives the headings: https://github.com/Flet/github-slugger */
export const anchorsOf = (page: Page): Set<string> => {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(page).matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
};
