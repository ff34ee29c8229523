import { describe, expect, it } from 'vitest';
import { channelsIn, mentionsIn, urlsIn } from '../../../../lib/local/chat-server/endpoints/message-text.ts';

describe('the text of a message', () => {
  it.each([
    ['@all and @ana.b, >@here', ['all', 'ana.b', 'here']],
    ['`a @all`', ['all']],
    ['```\n@here\n```', ['here']],
    ['x@all (@all) `@all` @\u2060all', []],
  ])('%j mentions %j, in code as well', (text, names) => {
    expect(mentionsIn(text)).toEqual(names);
  });

  it('refers to rooms after a space, in code as well', () => {
    expect(channelsIn('`a #general` x#y #\u2060z #b')).toEqual(['general', 'b']);
  });

  it('has the URLs outside of code', () => {
    const text = 'https://a.example/x?msg=1 `https://b.example` s3://c ```https://d.example``` http://\u2060e.example';
    expect(urlsIn(text)).toEqual(['https://a.example/x?msg=1']);
  });
});
