// Preloaded by every npm script (node --require). The scripts need the Lambda runtime's major version of Node, which
// the npm package `node` installs in node_modules/.bin. If npm did not run its install script, the system's Node runs
// instead.
const MAJOR = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major < MAJOR) {
  process.stderr.write(
    `This needs Node ${MAJOR} and is running on ${process.version} (${process.execPath}).\n` +
      `Node ${MAJOR} is one of the dependencies: run "npm ci", then start this with npm or npx.\n` +
      'If this message appears again, npm did not run the install script of the package "node": run "npm rebuild node".\n',
  );
  process.exit(2);
}
