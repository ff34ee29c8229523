import { describe, expect, it } from 'vitest';
import { templateFaults } from '../../../lambdas/relay/domain/template.ts';
import { readRelayContext } from '../../../lib/infra/config/context.ts';
import { errorText } from '../../helpers/error-text.ts';

describe('a template', () => {
  it.each([
    'New invoice: {fileName} ({size})',
    '`{key}`',
    '{bucket} {contentType} {uploadedAt} {uploader} {version} [open]({consoleLink})',
    '{prefix.0}/{prefix.12} {metadata.alt} {metadata.x-y.z} {tags.Cost Centre} {tags.aws:createdBy}',
    '{#version}version {version}{/version}{^version}no version{/version}',
    '{ fileName }',
    'costs `$5`: {key}',
    '{key} costs $5',
    '[a](https://a.example) {key} [b](https://b.example)',
    'a } b',
    '',
  ])('%j is valid', (template) => {
    expect(templateFaults(template)).toEqual([]);
  });

  it.each([
    ['{{key}}', '"{{key}}" at character 1 would insert a value without escaping it; write {key}'],
    ['a {&key}', '"{&key}" at character 3 would insert a value without escaping it; write {key}'],
    ['a {> header}', '"{> header}" at character 3 is a partial'],
    ['{=<% %>=}<%key%>', '"{=<% %>=}" at character 1 changes the delimiters'],
    ['{! note}{key}', '"{! note}" at character 1 is a comment'],
    ['{filename}', '"{filename}" at character 1 names no value; the values are fileName, key, bucket, size,'],
    ['{}', '"{}" at character 1 names no value'],
    ['{.}', '"{.}" at character 1 names no value'],
    ['{constructor}', '"{constructor}" at character 1 names no value'],
    ['{prefix.x}', '"{prefix.x}" at character 1 names no value'],
    ['{metadata.}', '"{metadata.}" at character 1 names no value'],
    ['{#titel}a{/titel}', '"{#titel}" at character 1 names no value'],
    ['{#key}{nam}{/key}', '"{nam}" at character 7 names no value'],
    ['{#key}a', 'is not a template: Unclosed section "key" at character 8'],
    ['a{/key}', 'is not a template: Unopened section "key" at character 2'],
    ['{#key}a{/size}', 'is not a template: Unclosed section "key" at character 8'],
    ['a {key', 'is not a template: the "{" at character 3 has no "}" after it'],
    ['costs $5: {key}', 'has "$", "\\(" or "\\[" before a value'],
    ['\\(x\\) {#key}{key}{/key}', 'has "$", "\\(" or "\\[" before a value'],
    ['[{fileName}]({consoleLink})', 'has a value in the text of a link'],
    ['![a {fileName}](https://a.example)', 'has a value in the text of a link'],
    ['<https://a.example|{key}>', 'has a value in the text of a link'],
  ])('%j is refused, with the place of the fault', (template, fault) => {
    expect(templateFaults(template)).toEqual([expect.stringContaining(fault)]);
  });

  it('has all its faults reported', () => {
    expect(templateFaults('{{key}} {nam} {>a}')).toHaveLength(3);
  });
});

it('the synth-time check names the route, the setting and the place of each fault in a template', () => {
  const relay = {
    rocketChatUrl: 'https://chat.acme.test',
    routes: [{ room: '#a' }, { room: '#b', caption: 'a {nam} {&key}', altText: '{{metadata.alt}}' }],
  };
  let message = '';
  try {
    readRelayContext((key) => (key === 'relay' ? relay : undefined));
  } catch (error) {
    message = errorText(error);
  }
  expect(message).toContain('relay.routes[1].caption');
  expect(message).toContain('"{nam}" at character 3 names no value');
  expect(message).toContain('"{&key}" at character 9 would insert a value without escaping it');
  expect(message).toMatch(/relay\.routes\[1\]\.altText.*"\{\{metadata\.alt\}\}" at character 1/);
  expect(message).not.toContain('routes[0]');
});
