/**
 * Two changes to the text of the bundled AWS SDK that alter nothing of what it does, but let esbuild see that most of it
 * is not used. The text is esbuild's own output, so its form is known; where the form is another, nothing is changed.
 */

/**
 * `{ [_hH]: value }` → `{ "httpHeader": value }`, where `var _hH = "httpHeader";`. A client describes all operations of
 * its service in one table and names its keys by variables; a computed key could run code, so esbuild keeps all of it.
 */
export const withLiteralKeys = (text: string): string => {
  const strings = new Map([...text.matchAll(/^var (\w+) = ("[^"\\]*");$/gm)].map(([, name, value]) => [name, value]));
  return text.replace(/(?<=[{,]\s+)\[(\w+)\]:/g, (key, name: string) => {
    const value = strings.get(name);
    return value === undefined ? key : `${value}:`;
  });
};

/** Of each client's package.json, which is bundled for its version, leaves the version. Lines stay where they are. */
export const withVersionsOnly = (text: string): string =>
  text.replace(/^var (package_default\d*) = \{\n.*?\n\};$/gms, (object, name: string) => {
    const version = /^ {2}version: ("[^"\\]+"),?$/m.exec(object)?.[1];
    const lines = '\n'.repeat(object.split('\n').length - 1);
    return version === undefined ? object : `var ${name} = { version: ${version} };${lines}`;
  });
