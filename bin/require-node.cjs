// Preloaded by every npm script (node --require). The scripts run on the Lambda's own major version of Node, which the
// npm package `node` puts into node_modules/.bin; where its install script was blocked, the system's Node runs instead.
const MAJOR = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major < MAJOR) {
  process.stderr.write(
    `This needs Node ${MAJOR} and is running on ${process.version} (${process.execPath}).\n` +
      `Node ${MAJOR} comes with the dependencies: run "npm ci" and start it with npm or npx.\n` +
      'If it still says so, npm did not run the install script of the package "node": run "npm rebuild node".\n',
  );
  process.exit(2);
}
