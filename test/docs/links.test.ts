import { existsSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allPages, anchorsOf, docsPages, type Page, proseOf, ROOT } from './pages.ts';

interface Link {
  readonly target: string;
  readonly line: number;
}

/** Links, pictures and the attributes of HTML elements, without those to other hosts. */
const relativeLinksOf = (page: Page): Link[] => {
  // Code shows links as text.
  const prose = proseOf(page).replace(/`[^`]*`/g, (code) => code.replace(/[^\n]/g, '_'));
  return [...prose.matchAll(/\]\(([^)\s]+)\)|(?:href|src|srcset)="([^"\s]+)"/g)]
    .map(({ index, 1: link, 2: attribute }) => ({
      target: link ?? attribute ?? '',
      line: prose.slice(0, index).split('\n').length,
    }))
    .filter(({ target }) => !/^[a-z]+:/.test(target));
};

const anchorsByPath = new Map(allPages.map((page) => [page.path, anchorsOf(page)]));

/** @returns what is wrong with the link, or undefined */
const faultOf = (page: Page, { target }: Link): string | undefined => {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page.path : posix.join(posix.dirname(page.path), decodeURIComponent(file));
  if (path.startsWith('..')) return 'leads out of the repository';
  if (!existsSync(join(ROOT, path))) return `${path} does not exist`;
  if (anchor === undefined) return undefined;
  const anchors = anchorsByPath.get(path);
  if (anchors === undefined) return `${path} is no page with headings`;
  return anchors.has(anchor) ? undefined : `${path} has no heading for #${anchor}`;
};

describe('the links of the documents', () => {
  it.each(allPages.map((page) => [page.path, page] as const))('%s has no link that leads nowhere', (path, page) => {
    const faults = relativeLinksOf(page).flatMap((link) => {
      const fault = faultOf(page, link);
      return fault === undefined ? [] : [`${path}:${link.line}: (${link.target}) ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  it('include links with and without an anchor, so they are found at all', () => {
    const targets = docsPages.flatMap(relativeLinksOf).map(({ target }) => target);
    expect(targets).toEqual(expect.arrayContaining(['guarantee.md', 'operating.md#reasons', '#reasons']));
    expect(targets.length).toBeGreaterThan(60);
  });

  it('are faulty if a file or a heading is missing', () => {
    const page: Page = { path: 'docs/local.md', text: '' };
    expect(faultOf(page, { target: 'missing.md', line: 1 })).toBe('docs/missing.md does not exist');
    expect(faultOf(page, { target: 'operating.md#missing', line: 1 })).toContain('has no heading for #missing');
    expect(faultOf(page, { target: '../bench/README.md', line: 1 })).toBeUndefined();
  });
});

describe('the pages in docs/', () => {
  const index = docsPages.find(({ path }) => path === 'docs/README.md');

  it('are all in the index docs/README.md', () => {
    const listed = relativeLinksOf(index ?? { path: '', text: '' }).map(({ target }) => posix.join('docs', target));
    for (const { path } of docsPages) if (path !== 'docs/README.md') expect(listed).toContain(path);
  });

  it.each(docsPages.filter(({ path }) => !path.startsWith('docs/decisions/')).map(({ path, text }) => [path, text]))(
    '%s starts with whom it is for',
    (_, text) => {
      expect(text.split('\n').slice(0, 3).join('\n')).toMatch(/^# .+\n\nFor .{15}/);
    },
  );

  it('use every picture in docs/images', () => {
    const used = allPages.flatMap((page) =>
      relativeLinksOf(page).map(({ target }) => posix.join(posix.dirname(page.path), target)),
    );
    const pictures = readdirSync(join(ROOT, 'docs/images')).filter((name) => name.endsWith('.png'));
    expect(pictures).toContain('terminal-doctor.png');
    for (const name of pictures) expect(used).toContain(`docs/images/${name}`);
  });
});
