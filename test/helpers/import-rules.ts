/** One rule of the house: what the files of a place may import. */
interface Rule {
  /** The first rule whose pattern fits a file's path holds for it. */
  readonly files: RegExp;
  /** Files of the repository. */
  readonly mayImport: RegExp;
  /** npm packages and Node's own modules; any where it is absent. */
  readonly packages?: RegExp;
  readonly mayReadEnvironment?: boolean;
}

const PURE = /^(valibot|mrmime)$/;
const RELAY = 'lambdas/relay';

/** "Imports point one way"; see docs/architecture.md. */
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
    files: /^lib\/infra\//,
    mayImport: /^(lib\/infra\/|lambdas\/relay\/(names|domain\/settings)\.ts$)/,
    mayReadEnvironment: true,
  },
  { files: /^lib\//, mayImport: /^(lib|lambdas)\/|^package\.json$/, mayReadEnvironment: true },
  { files: /^bin\//, mayImport: /^(lib|lambdas|bin)\/|^package\.json$/, mayReadEnvironment: true },
];

export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** What in a file is against the rules, in words; nothing for a file that no rule is about. */
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

/** Time and chance come as arguments into the domain. */
const AMBIENT = /\b(Date\.now|Math\.random|new Date\(\)|setTimeout|fetch)\b/;

/** Every form: static, type-only, side effect, re-export, dynamic. */
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
