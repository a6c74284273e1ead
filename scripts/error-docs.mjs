// Proves that `docs/errors.md` lists every code and class of the library with what the sources say about them; writes it
// without `--check`.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { REMEDIES } from './error-remedies.mjs';

const root = join(import.meta.dirname, '..');
const sources = join(root, 'libs/database/src');
const page = join(root, 'docs/errors.md');
const check = process.argv.includes('--check');

const nameOf = (node) => node.name?.text;
const literal = (node) => (node && ts.isAsExpression(node) ? literal(node.expression) : node);
const commentOf = (node) => {
  const doc = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(doc?.comment) ?? '').replace(/\s+/g, ' ').trim();
};

/** Every class of the error files: its base, and the initial values and comments of its properties. */
function readClasses() {
  const classes = new Map();
  for (const file of readdirSync(sources, { recursive: true })) {
    if (!/\.errors?\.ts$/.test(file)) continue;
    const text = readFileSync(join(sources, file), 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    for (const node of source.statements) {
      if (!ts.isClassDeclaration(node)) continue;
      const base = node.heritageClauses?.[0]?.types[0]?.expression.getText();
      const properties = new Map();
      for (const member of node.members.filter(ts.isPropertyDeclaration)) {
        const value = literal(member.initializer)?.getText().replace(/^'|'$/g, '');
        properties.set(nameOf(member), { value, comment: commentOf(member) });
      }
      const abstract = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword) ?? false;
      classes.set(nameOf(node), { base, properties, abstract, comment: commentOf(node) });
    }
  }
  return classes;
}

function readCodes() {
  const file = join(sources, 'errors/error-codes.ts');
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const codes = new Map();
  const visit = (node) => {
    if (ts.isPropertyAssignment(node)) codes.set(node.name.getText(), node.initializer.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return codes;
}

/** The status of each code as the exception filter answers it; 500 where it is a defect. */
function readStatuses() {
  const file = join(sources, 'http/database-answer.ts');
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const statuses = new Map();
  const visit = (node) => {
    if (ts.isVariableDeclaration(node) && node.name.getText() === 'ANSWERS') {
      for (const { name, initializer } of node.initializer.properties)
        statuses.set(name.getText(), initializer.elements[0].getText());
    } else ts.forEachChild(node, visit);
  };
  visit(source);
  return statuses;
}

const classes = readClasses();
const statuses = readStatuses();
const codes = readCodes();
const problems = [];

/** The property of a class or of the class it extends. */
function find(name, property) {
  const found = classes.get(name);
  return found && (found.properties.get(property) ?? find(found.base, property));
}

const say = (property, yes, no) =>
  property?.value === undefined ? 'depends' : property.value === 'true' ? yes : no;

/** A subclass of `ValidationError` has its code's status, or that of the base. */
function statusOf(code, owners) {
  const isValidation = owners.some(([name]) => extendsClass(name, 'ValidationError'));
  return statuses.get(code) ?? (isValidation ? statuses.get('VALIDATION') : '500');
}

const extendsClass = (name, base) =>
  name === base || (classes.has(name) && extendsClass(classes.get(name).base, base));

const rows = [...codes].map(([code, meaning]) => {
  const owners = [...classes].filter(
    ([name, { abstract }]) => !abstract && find(name, 'code')?.value === code,
  );
  if (owners.length === 0) problems.push(`${code} has no class that carries it.`);
  if (!(code in REMEDIES)) problems.push(`${code} has no remedy in scripts/error-remedies.mjs.`);
  const names = owners.map(([name]) => `\`${name}\``).join(', ');
  const [first] = owners[0] ?? [];
  const retryable = say(find(first, 'retryable'), 'yes', 'no');
  const outcome = find(first, 'outcome')?.value ?? 'depends';
  return `| \`${code}\` | ${names} | ${meaning} | ${retryable} | ${outcome} | ${statusOf(code, owners)} | ${REMEDIES[code]} |`;
});
for (const code of Object.keys(REMEDIES)) if (!codes.has(code)) problems.push(`${code} is no code any more.`);

const varying = [...classes].flatMap(([name, { properties, abstract }]) => {
  const { value, comment } = properties.get('retryable') ?? { value: '' };
  return value === undefined && comment && !abstract ? [`- \`${name}.retryable\`: ${comment}`] : [];
});

const text = `# Errors

<!-- Written by \`npm run docs:errors\` from the sources of the errors. Do not edit. -->

Every error the library raises is a \`DatabaseError\`. Its \`code\` and its class are stable, its message is not.

- \`retryable\`: a repetition may succeed and does no harm. What is not recognised is never retryable.
- \`outcome\`: what is known about the effect. \`not-applied\`: nothing was changed. \`unknown\`: the answer was lost, and only
  the data can tell.
- \`cause\`: the driver's error with its name, codes and stack, without rows, parameters and secrets. The untouched one is
  behind \`driverError()\`; never log that.

Repositories, \`TransactionManager\` and \`executeWithRetry\` throw these classes. Plain calls of \`PrismaService\` throw
Prisma's own errors; \`translateError(error)\` and \`classifyFault(error)\` tell what they mean. An error of the pool reaches
a plain call inside Prisma's error, which keeps its \`code\`.

| Code | Class | When | Retryable | Outcome | HTTP | What to do |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

## What clients get

\`DatabaseExceptionFilter\` ([how to use it](repositories.md#errors)) answers with the status in the column HTTP, and where a
\`DataError\` is the client's value, with 400. The body is the same everywhere:

| Transport | Shape |
| --- | --- |
| HTTP | \`{ statusCode, error, code, message, fields?, errors?, requestId? }\`, and \`Retry-After\` where a repetition is safe |
| GraphQL | an error with \`message\` and \`extensions: { code, fields?, errors?, requestId? }\` |
| Microservices | the observable fails with \`{ status: 'error', code, message, fields?, errors?, requestId? }\` |
| Gateways | the event \`exception\` with the same |

## Where it depends on the error

${varying.join('\n')}
- \`QueryTimeoutError.retryable\`: true for a read that cannot have changed anything, outside a transaction.
- \`QueryTimeoutError.outcome\`: \`not-applied\` when the server cancelled the operation or it only read, otherwise \`unknown\`.
- \`ResourceError.retryable\`: true for connections, which come back by themselves.
- \`RejectedQueryError.outcome\`: \`not-applied\` after a reply of the server, \`unknown\` for an error that nobody knows.
`;

if (problems.length === 0 && !check) writeFileSync(page, text);
if (check && (!existsSync(page) || readFileSync(page, 'utf8') !== text)) {
  problems.push(
    'docs/errors.md is not what the sources say. Run `npm run docs:errors` and commit the result.',
  );
}
for (const problem of problems) console.error(`error: ${problem}`);
console.log(`${codes.size} codes, ${classes.size} classes: ${problems.length} errors.`);
process.exitCode = problems.length > 0 ? 1 : 0;
