import { describe, expect, it } from '@jest/globals';
import type { SqlExecutor, SqlStatement } from '../sql-executor.port.js';
import { TypedDatabase } from '../typed-database.js';

describe('A query of the builder', () => {
  const sent: SqlStatement[] = [];
  const executor: SqlExecutor = {
    execute: (statement: SqlStatement) => {
      sent.push(statement);
      return Promise.resolve({ rows: [], rowCount: 0 });
    },
    here: () => executor,
  } as unknown as SqlExecutor;
  const db = new TypedDatabase<Record<string, Record<string, unknown>>>({ executor });
  const accessOf = async (query: { get(): Promise<unknown> }) => {
    await query.get();
    return sent.at(-1)?.access;
  };

  it('is known to be a read, ordered or not, so that it may be repeated after a lost connection', async () => {
    const products = db.getQueryBuilder().from('product');
    expect(await accessOf(products)).toBe('read');
    expect(await accessOf(products.orderBy('name', 'desc').orderBy('id'))).toBe('read');
  });

  it('counts as a write where it holds SQL of its caller, which may call anything', async () => {
    const products = db.getQueryBuilder().from('product');
    expect(await accessOf(products.where(db.sql`nextval(${'s'}) > 0`))).toBe('write');
    expect(await accessOf(products.orderBy(db.sql`nextval(${'s'})`, 'asc'))).toBe('write');
  });
});
