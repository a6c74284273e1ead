// Proves that the tables of docs/configuration.md are what the code says: options with the docstrings, defaults and
// ranges of the declarations, variables and URL parameters from the lists that the code reads them by. Every default and
// range that a docstring names is compared with what the resolver does. Needs `npm run build:lib`.
// `npm run docs:configuration` writes the tables, `--check` only compares.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
const source = join(root, 'libs/database/src');
const document = join(root, 'docs/configuration.md');
const checkOnly = process.argv.includes('--check');
const failures = [];

const built = (file) => {
  const path = join(root, 'libs/database/dist', relative(source, file).replace(/\.ts$/, '.js'));
  if (!existsSync(path)) throw new Error(`${relative(root, path)} is missing; run npm run build:lib first.`);
  return import(pathToFileURL(path).href);
};
const { resolveDatabaseOptions } = await built(join(source, 'database.options.ts'));
const { NUMBER_VARIABLES } = await built(join(source, 'config/environment.ts'));
const { LOCATION_VARIABLES } = await built(join(source, 'config/database-location.ts'));
const { URL_PARAMETERS } = await built(join(source, 'config/url-parameters.ts'));

/** Every interface of the library by its name. */
function readInterfaces() {
  const interfaces = new Map();
  for (const name of readdirSync(source, { recursive: true })) {
    if (!name.endsWith('.options.ts')) continue;
    const file = join(source, name);
    const parsed = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    parsed.forEachChild((node) => {
      if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, { file, node });
    });
  }
  return interfaces;
}

const plain = (comment) =>
  (ts.getTextOfJSDocComment(comment) ?? '')
    .replace(/\{@link ([^}]+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();

/** One option: its name, what its docstring says, and the interface its value has. */
function describe(member) {
  const [documentation] = member.jsDoc ?? [];
  const text = plain(documentation?.comment);
  const range = /Range: (.*?)\.(?= [A-Z]|$)(.*)$/.exec(text);
  const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'defaultValue');
  return {
    name: member.name.getText(),
    type: member.type.getText().replace(/\s*\|\s*undefined$/, ''),
    meaning: range === null ? text : `${text.slice(0, range.index)}${range[2].trim()}`.trim(),
    range: range?.[1] ?? '',
    default: tag ? plain(tag.comment) : '',
  };
}

const cell = (text) => text.replaceAll('|', '\\|');
const row = (cells) => `| ${cells.map(cell).join(' | ')} |`;
const table = (head, rows) => [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)].join('\n');

/** The literal a docstring's default starts with. */
function literal(text) {
  const match = /^(?:'([^']*)'|(true|false)|(\d[\d_]*))/.exec(text);
  if (match === null) return undefined;
  if (match[1] !== undefined) return match[1];
  return match[2] === undefined ? Number(match[3].replaceAll('_', '')) : match[2] === 'true';
}

function violationsOf(options) {
  try {
    resolveDatabaseOptions({ client: class {}, env: false, url: 'postgresql://localhost/shop', ...options });
    return [];
  } catch (error) {
    return error.violations ?? [];
  }
}

/** Compares what the docstring says with what the resolver does. */
async function checkOption(section, option, file) {
  const path = `${section}.${option.name}`;
  const defaults = Object.entries(await built(file)).find(([name]) =>
    /^DEFAULT_\w+_OPTIONS$/.test(name),
  )?.[1];
  const expected = defaults?.[option.name];
  const said = literal(option.default);
  // The default of the log mode follows NODE_ENV, which one literal cannot say.
  if (expected !== undefined && said !== expected && path !== 'logging.mode') {
    failures.push(
      `${path}: the docstring says the default is ${String(said)}, the code ${String(expected)}.`,
    );
  }
  if (option.type !== 'number') return;
  const [, low, high] = /^\[([\d ]+), ([\d ]+)\]/.exec(option.range) ?? [];
  if (high === undefined) {
    failures.push(`${path}: the docstring names no range, such as "Range: [1, 1 000]."`);
    return;
  }
  const [min, max] = [low, high].map((text) => Number(text.replaceAll(' ', '')));
  for (const value of [min - 1, max + 1]) {
    const found = violationsOf({ [section]: { [option.name]: value } });
    if (!found.some((violation) => violation.path === path && violation.problem.includes(`[${min}, ${max}]`)))
      failures.push(`${path}: ${value} is not refused with the range [${min}, ${max}] of the docstring.`);
  }
}

async function optionTables() {
  const interfaces = readInterfaces();
  const { node } = interfaces.get('DatabaseModuleOptions');
  const options = node.members.map(describe);
  const isSection = ({ type }) => interfaces.has(type.split(' | ')[0]);
  const flat = options.filter((option) => !isSection(option));
  const parts = [
    table(
      ['Option', 'Default', 'Meaning'],
      flat.map((option) => [`\`${option.name}\``, option.default, option.meaning]),
    ),
  ];
  for (const section of options.filter(isSection)) {
    const { file, node } = interfaces.get(section.type.split(' | ')[0]);
    const members = node.members.map(describe);
    for (const option of members) await checkOption(section.name, option, file);
    const rows = members.map((option) => [
      `\`${section.name}.${option.name}\``,
      option.default,
      option.range,
      option.meaning,
    ]);
    parts.push(
      `### \`${section.name}\`\n\n${section.meaning}\n\n${table(['Option', 'Default', 'Range', 'Meaning'], rows)}`,
    );
  }
  return parts.join('\n\n');
}

const unitOf = { ms: 'milliseconds', s: '**seconds**' };
const numbers = NUMBER_VARIABLES.map(({ name, aliases = [], option, unit }) => [
  [name, ...aliases].map((variable) => `\`${variable}\``).join(' or '),
  `The option \`${option}\`${unit === undefined ? '' : `, in ${unitOf[unit]}`}.`,
]);
const location = Object.entries(LOCATION_VARIABLES).map(([name, meaning]) => [`\`${name}\``, meaning]);
const sections = {
  options: await optionTables(),
  variables: table(
    ['Variable', 'Meaning'],
    [
      ...location,
      ['`REDIS_URL`', 'The option `redis.url`.'],
      ['`DATABASE_CURSOR_SECRET`', 'The option `pagination.secret`; several are separated by commas.'],
      ...numbers,
      ['`NODE_ENV`', 'Chooses the default of `logging.mode`.'],
    ],
  ),
  parameters: table(
    ['Parameter', 'Meaning'],
    Object.entries(URL_PARAMETERS).map(([name, meaning]) => [`\`${name}\``, meaning]),
  ),
};

const before = readFileSync(document, 'utf8');
let after = before;
for (const [name, content] of Object.entries(sections)) {
  const marked = new RegExp(`(<!-- generated: ${name} -->\\n)[\\s\\S]*?(\\n<!-- end of ${name} -->)`);
  if (!marked.test(after)) failures.push(`docs/configuration.md has no place for the table "${name}".`);
  after = after.replace(marked, (_, start, end) => `${start}\n${content}\n${end}`);
}
if (checkOnly && after !== before)
  failures.push('docs/configuration.md is not what the code says; run npm run docs:configuration.');
if (!checkOnly) writeFileSync(document, after);

for (const failure of failures) console.error(`error: ${failure}`);
console.log(`docs/configuration.md: ${failures.length} errors.`);
process.exitCode = failures.length > 0 ? 1 : 0;
