import type { AliasNode, OperationNode, SimpleReferenceExpressionNode, TableNode } from 'kysely';
import { InvalidOptionsError } from '../../config/config.errors.js';
import { kysely } from '../kysely-module.js';
import { checkIdentifier, SqlIdentifier } from '../sql-identifier.js';

const AS = ' as ';

/** A name as it may stand in a call: a text that is taken apart at its dots, or the names themselves. */
export type Name = string | SqlIdentifier;

/** `schema.table as alias`, of which only the table is needed. */
export function tableNode(source: unknown, path: string): TableNode | AliasNode {
  const { name, alias } = takeAlias(source, path);
  const table = toTable(partsOf(name, path), path);
  return alias === undefined
    ? table
    : kysely().AliasNode.create(table, kysely().IdentifierNode.create(alias));
}

/** `table.column`, of which only the column is needed. */
export function columnNode(column: unknown, path: string): SimpleReferenceExpressionNode {
  const parts = partsOf(column, path);
  const name = parts.at(-1) ?? '';
  const table = parts.slice(0, -1);
  return kysely().ReferenceNode.create(
    kysely().ColumnNode.create(name),
    table.length === 0 ? undefined : toTable(table, path),
  );
}

/** `table.column as alias`, and the name under which the result holds it. */
export function selectedColumn(
  column: unknown,
  path: string,
): { readonly name: string; readonly node: OperationNode } {
  const { name, alias } = takeAlias(column, path);
  const node = columnNode(name, path);
  return alias === undefined
    ? { name: partsOf(name, path).at(-1) ?? '', node }
    : { name: alias, node: kysely().AliasNode.create(node, kysely().IdentifierNode.create(alias)) };
}

function takeAlias(value: unknown, path: string): { readonly name: unknown; readonly alias?: string } {
  if (typeof value !== 'string' || !value.includes(AS)) return { name: value };
  const [name, alias, ...more] = value.split(AS);
  if (more.length > 0) {
    throw InvalidOptionsError.at(
      'The query builder',
      path,
      `holds "${AS}" more than once. Give names that hold it as \`db.identifier(…)\`.`,
    );
  }
  return { name, alias: checkIdentifier(alias, path) };
}

function partsOf(name: unknown, path: string): readonly string[] {
  if (SqlIdentifier.is(name)) return name.parts;
  if (typeof name !== 'string') return [checkIdentifier(name, path)];
  return name.split('.').map((part) => checkIdentifier(part, path));
}

function toTable(parts: readonly string[], path: string): TableNode {
  const [first = '', second, ...more] = parts;
  if (more.length > 0)
    throw InvalidOptionsError.at(
      'The query builder',
      path,
      'has more names than a schema, a table and a column.',
    );
  return second === undefined
    ? kysely().TableNode.create(first)
    : kysely().TableNode.createWithSchema(first, second);
}
