import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { withLiteralKeys, withVersionsOnly } from '../../lib/infra/sdk-text.ts';

describe('keys that are named by variables', () => {
  const TEXT = `var _hH = "httpHeader";
var _e = "error";
var count = 1;
var table = [3, { [_hH]: _e, [_e]: { [_hH]: 403 } }, [_hH]];
var other = {
  [_e]: [_hH, _e],
  [count]: table[_e],
  [unknown]: true ? [_e] : _hH,
  plain: "[_e]: kept"
};
`;

  it('become literals, and mean the same', () => {
    const changed = withLiteralKeys(TEXT);
    expect(changed).toContain('{ "httpHeader": _e, "error": { "httpHeader": 403 } }, [_hH]]');
    expect(changed).toContain('\n  "error": [_hH, _e]');
    const resultOf = (text: string) =>
      JSON.stringify(runInNewContext(`var unknown = "u"; ${text}; [table, other];`) as unknown);
    expect(resultOf(changed)).toBe(resultOf(TEXT));
  });

  it('stay where they are no strings', () => {
    expect(withLiteralKeys(TEXT)).toContain('[count]:');
    expect(withLiteralKeys(TEXT)).toContain('[unknown]:');
  });
});

describe("a client's package.json", () => {
  const TEXT = `var package_default2 = {
  name: "@aws-sdk/client-s3",
  version: "3.1173.0",
  scripts: {
    build: "x"
  }
};
var next = 1;
`;

  it('shrinks to its version, on as many lines', () => {
    const changed = withVersionsOnly(TEXT);
    expect(changed.startsWith('var package_default2 = { version: "3.1173.0" };')).toBe(true);
    expect(changed.split('\n')).toHaveLength(TEXT.split('\n').length);
    expect(changed.trimEnd().endsWith('var next = 1;')).toBe(true);
  });

  it('stays as it is without one', () => {
    const text = 'var package_default = {\n  name: "x"\n};\n';
    expect(withVersionsOnly(text)).toBe(text);
  });
});
