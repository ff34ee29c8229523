import { join } from 'node:path';
import {
  type ClassDeclaration,
  type ExportedDeclarations,
  type InterfaceDeclaration,
  type JSDocableNode,
  Node,
  Project,
  type Type,
} from 'ts-morph';

const ROOT = join(import.meta.dirname, '../..');

/** The text of API.md: each export of the package with its doc comment. */
export const apiReference = (): string => {
  // CDK's own types are written as the sources name them, so CDK is not loaded, which would take a minute.
  const project = new Project({
    tsConfigFilePath: join(ROOT, 'tsconfig.json'),
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
    compilerOptions: { noResolve: true },
  });
  project.addSourceFilesAtPaths([join(ROOT, 'lib/**/*.ts'), join(ROOT, 'lambdas/**/*.ts')]);
  const entry = project.getSourceFileOrThrow(join(ROOT, 'lib/index.ts'));
  const exported = [...entry.getExportedDeclarations()].map(([name, [declaration]]) => {
    if (declaration === undefined) throw new Error(`${name} has no declaration`);
    return section(name, declaration);
  });
  return `# API

<!-- Written by "UPDATE_DOCS=1 npx vitest run test/infra/api-reference.test.ts" from the doc comments; do not edit. -->

For CDK developers: the exports of the package \`s3-to-rocketchat\`. [docs/architecture.md](docs/architecture.md) shows how to
put the construct into a stack.

${exported.join('\n\n')}
`;
};

const section = (name: string, declaration: ExportedDeclarations): string => {
  const parts = [`## ${name}`, documentation(declaration)];
  if (Node.isClassDeclaration(declaration)) parts.push(...classMembers(declaration));
  else if (Node.isInterfaceDeclaration(declaration)) parts.push(propertyTable(declaration));
  else if (Node.isVariableDeclaration(declaration) || Node.isTypeAliasDeclaration(declaration)) {
    parts.push(`Type: ${code(textOf(declaration.getType(), declaration))}`);
  }
  return parts.filter((part) => part !== '').join('\n\n');
};

/** The members that the project declares; those of CDK's own classes are documented there. */
const classMembers = (declaration: ClassDeclaration): string[] => {
  const classes: ClassDeclaration[] = [];
  for (
    let current: ClassDeclaration | undefined = declaration;
    current !== undefined && !current.getSourceFile().isInNodeModules();
    current = current.getBaseClass()
  ) {
    classes.push(current);
  }
  const isPublic = (member: { getScope(): string }) => member.getScope() === 'public';
  const properties = classes.flatMap((one) => [...one.getProperties(), ...one.getGetAccessors()]).filter(isPublic);
  const methods = classes.flatMap((one) => one.getMethods()).filter(isPublic);
  const rows = properties.map((property) => [
    code(property.getName()),
    code(typeOf(property)),
    inTable(documentation(property)),
  ]);
  return [
    ...declaration.getConstructors().map((one) => documentation(one)),
    rows.length === 0 ? '' : table(['Property', 'Type', ''], rows),
    ...methods.map((method) => {
      const parameters = method.getParameters().map((parameter) => parameter.getText().replaceAll(/\s+/g, ' '));
      const returned = method.getReturnTypeNode()?.getText() ?? textOf(method.getReturnType(), method);
      return `### ${method.getName()}\n\n${code(`${method.getName()}(${parameters.join(', ')}): ${returned}`)}\n\n${documentation(method)}`.trim();
    }),
  ];
};

const propertyTable = (declaration: InterfaceDeclaration): string => {
  const own = [declaration, ...declaration.getBaseDeclarations().filter(Node.isInterfaceDeclaration)].flatMap((one) =>
    one.getProperties(),
  );
  const rows = own.map((property) => {
    return [
      code(`${property.getName()}${property.hasQuestionToken() ? '?' : ''}`),
      code(typeOf(property).replace(/ \| undefined$/, '')),
      inTable(documentation(property)),
    ];
  });
  return rows.length === 0 ? '' : table(['Property', 'Type', ''], rows);
};

/** The doc comment as Markdown. */
const documentation = (node: Node): string => {
  const documented = Node.isVariableDeclaration(node) ? node.getVariableStatement() : node;
  const docs = isDocumented(documented) ? documented.getJsDocs() : [];
  return docs
    .map((doc) => {
      const tags = doc.getTags().map((tag) => {
        const text = tag.getCommentText()?.trim() ?? '';
        if (tag.getTagName() === 'default') return `Default: ${text}.`;
        if (tag.getTagName() === 'throws') return `Throws ${text}.`;
        if (tag.getTagName() === 'returns') return `Returns ${text}.`;
        if (tag.getTagName() === 'example') return `\`\`\`ts\n${text}\n\`\`\``;
        return Node.isJSDocParameterTag(tag) ? `\`${tag.getName()}\`: ${text}` : text;
      });
      return [doc.getDescription().trim(), ...tags].filter((text) => text !== '').join('\n\n');
    })
    .join('\n\n');
};

const isDocumented = (node: Node | undefined): node is Node & JSDocableNode =>
  node !== undefined && Node.isJSDocable(node);

/** The type as the source writes it, or as it is inferred. */
const typeOf = (node: Node & { getTypeNode?(): Node | undefined }): string =>
  (node.getTypeNode?.()?.getText() ?? textOf(node.getType(), node)).replaceAll(/\s+/g, ' ');

const textOf = (type: Type, place: Node): string => type.getText(place).replaceAll(/import\("[^"]*"\)\./g, '');
const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
const inTable = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
