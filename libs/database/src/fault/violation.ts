import { readList, readProperty, readText } from '../common/safe-read.js';
import type { ConstraintViolation } from '../errors/constraint.errors.js';

/**
 * Which rule was broken, from whichever layer says it: pg's own fields, Prisma's `meta.target` (older ones),
 * `constraint.fields`, `constraint.index` (7.10), and last the server's sentence, of which only quoted names are read.
 */
export function readViolation(nodes: readonly unknown[]): ConstraintViolation {
  const first = <Found>(read: (node: unknown) => Found | undefined): Found | undefined => {
    for (const node of nodes) {
      const found = read(node);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const text = first((node) => readText(node, 'originalMessage') ?? serverTextOf(node)) ?? '';
  const table =
    first((node) => readText(node, 'table') ?? readText(readProperty(node, 'meta'), 'table')) ??
    quoted(/\b(?:relation|on table) "([^"]{1,63})"/, text);
  const constraint = first((node) => constraintOf(node)) ?? quoted(/\bconstraint "([^"]{1,63})"/, text);
  const fields =
    first((node) => fieldsOf(node)) ??
    asList(quoted(/\bcolumn "([^"]{1,63})"/, text)) ??
    asList(fieldOfConvention(constraint, table));
  return { fields, constraint, table, model: first((node) => modelOf(node)) };
}

function constraintOf(node: unknown): string | undefined {
  const target = readText(readProperty(node, 'meta'), 'target');
  const isIndexName = target !== undefined && /_(key|pkey|fkey|idx)$/.test(target);
  const constraint = readProperty(node, 'constraint');
  return readText(node, 'constraint') ?? readText(constraint, 'index') ?? (isIndexName ? target : undefined);
}

function fieldsOf(node: unknown): readonly string[] | undefined {
  const meta = readProperty(node, 'meta');
  const lists = [
    readList(meta, 'target'),
    readList(readProperty(node, 'constraint'), 'fields'),
    [readText(meta, 'field_name') ?? readText(node, 'column') ?? readText(meta, 'constraint')],
    readText(meta, 'relation') !== undefined && readText(meta, 'model') !== undefined
      ? [readText(meta, 'relation')]
      : [],
    columnsOfDetail(readText(node, 'detail')),
  ];
  for (const list of lists) {
    const names = list.filter((name) => typeof name === 'string');
    if (names.length > 0) return names;
  }
  return undefined;
}

/** `Key (tenant_id, email)=(…) already exists.`: what stands behind the equals sign is the row's. */
function columnsOfDetail(detail: string | undefined): readonly string[] {
  return /^Key \(([^()]{1,300})\)=\(/.exec(detail ?? '')?.[1]?.split(', ') ?? [];
}

function modelOf(node: unknown): string | undefined {
  return readText(readProperty(node, 'meta'), 'modelName');
}

function serverTextOf(node: unknown): string | undefined {
  return readText(node, 'severity') === undefined ? undefined : readText(node, 'message');
}

/**
 * The field of an index that Prisma named: `User_email_key` is the field `email` of the table `User`.
 *
 * A name with an underscore is left alone: it may stand for one column with an underscore or for two columns.
 */
function fieldOfConvention(constraint: string | undefined, table: string | undefined): string | undefined {
  const prefix = table?.split('.').at(-1);
  if (constraint === undefined || prefix === undefined || !constraint.startsWith(`${prefix}_`))
    return undefined;
  return /^([^_]+)_(?:key|fkey)$/.exec(constraint.slice(prefix.length + 1))?.[1];
}

function quoted(pattern: RegExp, text: string): string | undefined {
  return pattern.exec(text)?.[1];
}

function asList(name: string | undefined): readonly string[] | undefined {
  return name === undefined ? undefined : [name];
}
