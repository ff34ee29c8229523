/** What the files of one part of the repository may import. */
interface Rule {
  /** The first rule whose pattern matches a file's path applies to it. */
  readonly files: RegExp;
  /** Allowed files of the repository. */
  readonly mayImport: RegExp;
  /** Allowed npm packages and Node.js modules. @default all */
  readonly packages?: RegExp;
  readonly mayReadEnvironment?: boolean;
}

const PURE = /^(minimatch|valibot|mustache|mime(\/types\/\w+\.js)?)$/;
const RELAY = 'lambdas/relay';

/** The direction of imports that docs/architecture.md describes. */
const RULES: readonly Rule[] = [
  { files: /^lambdas\/relay\/domain\//, mayImport: /^lambdas\/relay\/domain\//, packages: PURE },
  { files: /^lambdas\/relay\/names\.ts$/, mayImport: /^$/, packages: /^$/ },
  {
    files: /^lambdas\/relay\/ports\.ts$/,
    mayImport: /^lambdas\/relay\/(domain\/|names\.ts$)/,
    packages: /^node:stream$/,
  },
  {
    files: /^lambdas\/relay\/adapters\//,
    mayImport: /^lambdas\/relay\/(adapters\/|pacing\/|domain\/|ports\.ts$|names\.ts$)/,
  },
  {
    files: /^lambdas\/relay\/(delivery|pacing|observe)\//,
    mayImport: /^lambdas\/relay\/((delivery|pacing|observe|domain)\/|(ports|outcome|names)\.ts$)/,
    packages: /^(aws-lambda|node:dgram|node:crypto|@aws-lambda-powertools\/metrics)$/,
  },
  { files: /^lambdas\/relay\/index\.ts$/, mayImport: /^lambdas\/relay\//, mayReadEnvironment: true },
  { files: /^lambdas\/relay\/compose\.ts$/, mayImport: /^lambdas\/relay\/(?!index\.ts$)/ },
  { files: /^lambdas\/relay\/config\.ts$/, mayImport: /^lambdas\/relay\/(domain\/|names\.ts$|aws-environment\.ts$)/ },
  {
    files: /^lambdas\/relay\//,
    mayImport:
      /^lambdas\/relay\/((delivery|pacing|observe|domain)\/|(?!index\.ts$|compose\.ts$|config\.ts$)[\w-]+\.ts$)/,
    packages: /^(aws-lambda|p-map)$/,
  },
  {
    files: /^lib\/infra\/config\//,
    mayImport: /^(lib\/infra\/config\/|lambdas\/relay\/(names|domain\/(key-pattern|route|settings))\.ts$)/,
  },
  {
    files: /^lib\/infra\/(function|storage|monitoring)\//,
    mayImport: /^(lib\/infra\/(?!(rocket-chat-relay|relay-stack|outputs)\.ts$)|lambdas\/relay\/(names\.ts$|domain\/))/,
  },
  {
    files: /^lib\/infra\//,
    mayImport: /^(lib\/infra\/|lambdas\/relay\/(names|domain\/(key-pattern|route|settings))\.ts$)/,
    mayReadEnvironment: true,
  },
  { files: /^lib\//, mayImport: /^(lib|lambdas)\/|^package\.json$/, mayReadEnvironment: true },
  { files: /^bin\//, mayImport: /^(lib|lambdas|bin)\/|^package\.json$/, mayReadEnvironment: true },
];

export interface SourceFile {
  /** Path from the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Describes each violation of the rules in a file; empty if no rule applies to the file. */
export const importFaults = ({ path, text }: SourceFile): string[] => {
  const rule = RULES.find(({ files }) => files.test(path));
  if (rule === undefined) return [];
  const code = withoutComments(text);
  const faults = importsOf(code).flatMap((specifier) => {
    if (!specifier.startsWith('.')) {
      return rule.packages === undefined || rule.packages.test(specifier)
        ? []
        : [`${path} imports the package ${specifier}`];
    }
    const target = resolve(path, specifier);
    return rule.mayImport.test(target) ? [] : [`${path} imports ${target}`];
  });
  if (!rule.mayReadEnvironment && /\bprocess\s*(\.|\[\s*['"])\s*env\b/.test(code))
    faults.push(`${path} reads process.env`);
  if (path.startsWith(`${RELAY}/domain/`) && AMBIENT.test(code))
    faults.push(`${path} uses the ambient ${AMBIENT.exec(code)?.[0]}`);
  return faults;
};

/**
 * Circular imports between the files, type imports included, each as `a.ts → b.ts → a.ts`. A depth-first search visits
 * each file once and reports a circle for each import of a file that it has not left yet, so there is no circle if and
 * only if the result is empty.
 */
export const importCircles = (files: readonly SourceFile[]): string[] => {
  const importsByPath = new Map(files.map(({ path, text }) => [path, relativeImports(path, withoutComments(text))]));
  const circles: string[] = [];
  const left = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    else if (!left.has(path)) {
      for (const target of importsByPath.get(path) ?? []) visit(target, [...trail, path]);
      left.add(path);
    }
  };
  for (const path of importsByPath.keys()) visit(path, []);
  return circles;
};

const relativeImports = (path: string, code: string): string[] => {
  const relative = importsOf(code).filter((specifier) => specifier.startsWith('.'));
  return [...new Set(relative.map((specifier) => resolve(path, specifier)))];
};

/** The domain receives time and random numbers as arguments. */
const AMBIENT = /\b(Date\.now|Math\.random|new Date\(\)|setTimeout|fetch)\b/;

/** Finds all forms of imports: static, type-only, side effect, re-export and dynamic. */
const importsOf = (code: string): string[] => {
  const forms = [
    /\bfrom\s*['"]([^'"]+)['"]/g,
    /\bimport\s*['"]([^'"]+)['"]/g,
    /\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].map(([, specifier]) => specifier ?? ''));
};

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

const resolve = (from: string, specifier: string): string => {
  const parts = from.split('/').slice(0, -1);
  for (const step of specifier.split('/')) {
    if (step === '..') parts.pop();
    else if (step !== '.') parts.push(step);
  }
  return parts.join('/');
};
