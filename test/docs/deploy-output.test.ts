import { describe, expect, it } from 'vitest';
import { resourceOf, synthesise } from '../infra/synthesise.ts';
import { allPages, type Snippet, snippetsOf } from './pages.ts';

const snippetOf = (path: string, matches: (snippet: Snippet) => boolean): Snippet => {
  const [found, ...others] = allPages
    .filter((page) => page.path === path)
    .flatMap(snippetsOf)
    .filter(matches);
  if (found === undefined || others.length > 0) throw new Error(`expected one such snippet in ${path}`);
  return found;
};
const isOutput = ({ code }: Snippet): boolean => code.includes('✅  RocketChatRelay');
const linesOf = ({ code }: Snippet): string[] => code.split('\n').filter((line) => line.trim() !== '' && line !== '…');

const short = snippetOf('README.md', isOutput);
const long = snippetOf('docs/operating.md', isOutput);

const { relay } = JSON.parse(`{${snippetOf('README.md', ({ code }) => code.startsWith('"relay"')).code}}`);
/** The stack that README.md configures. The example's URL can't be synthesised. */
const template = () => synthesise({ ...relay, rocketChatUrl: 'https://chat.acme.org' }).template;

const outputNames = ({ code }: Snippet): string[] =>
  [...code.matchAll(/^RocketChatRelay\.(\w+) = /gm)].map(([, name = '']) => name);

/** The cells of each row of the table of statements. The CLI breaks a cell's text into lines of the column's width. */
const statementRows = ({ code }: Snippet): string[][] => {
  const rows: string[][] = [];
  for (const line of code.split('IAM Policy Changes')[0]?.split('\n') ?? []) {
    const [, sign, ...cells] = line.split('│').map((cell) => cell.trim());
    if (sign === '+') rows.push(cells);
    else if (sign === '' && cells[0] !== 'Resource') {
      rows.push((rows.pop() ?? []).map((cell, index) => cell + (cells[index] ?? '')));
    }
  }
  return rows;
};

describe('the output of `cdk deploy`', () => {
  it('in docs/operating.md has exactly the outputs of the stack that README.md configures', () => {
    expect(outputNames(long)).toEqual(Object.keys(template().toJSON()['Outputs']).sort());
  });

  it('in docs/operating.md has exactly the permissions of the function', () => {
    const { Properties } = resourceOf(template(), 'AWS::IAM::Policy', 'RoleDefaultPolicy');
    const { Statement } = Properties['PolicyDocument'] as { Statement: readonly { Action: string | string[] }[] };
    const rows = statementRows(long).filter(([, , , principal]) => principal?.endsWith('{Relay/Role}'));
    expect(rows.map(([, , action]) => action).sort()).toEqual(
      Statement.map(({ Action }) => [Action].flat().join('')).sort(),
    );
  });

  it('in README.md is a part of that in docs/operating.md, in the same order', () => {
    const shown = linesOf(short);
    const all = linesOf(long);
    expect(shown.length).toBeGreaterThan(10);
    const places = shown.map((line, index) => all.indexOf(line, index));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(outputNames(short)).toContain('UploadFile');
  });
});
