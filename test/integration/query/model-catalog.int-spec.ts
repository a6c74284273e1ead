import { describe, expect, it } from '@jest/globals';
import { type Database, InvalidOptionsError, SchemaError } from '../../../libs/database/src/index.js';
import { partsOf } from '../../../libs/database/src/query/database.js';
import { useDatabaseApplication } from '../../support/database-suite.js';
import type { TestDatabase } from '../../support/test-database.js';

describe('The model catalog', () => {
  let database: TestDatabase;
  let db: Database;

  useDatabaseApplication({ pool: { max: 2, min: 0 } }, (opened) => ({ database, db } = opened));

  it('knows table, columns, keys and indexes of a model by its fields', async () => {
    const table = await partsOf(db).catalog.table('orderItem');
    expect(table).toMatchObject({
      modelName: 'OrderItem',
      schema: 'public',
      table: 'order_item',
      primaryKey: ['orderId', 'lineNo'],
      uniqueKeys: [['orderId', 'lineNo']],
    });
    expect(table.columns.get('lineTotalCents')).toEqual({
      field: 'lineTotalCents',
      column: 'line_total_cents',
      type: 'BigInt',
      kind: 'scalar',
      isList: false,
      sqlType: 'bigint',
      nullable: false,
      hasDefault: false,
      generated: false,
    });
    expect(table.relations.get('order')).toMatchObject({ model: 'order', isList: false });
    expect(table.indexes.get('order_item_product_id_idx')).toEqual({
      name: 'order_item_product_id_idx',
      fields: ['productId'],
      unique: false,
      partial: false,
    });
    const product = await partsOf(db).catalog.table('product');
    expect(product.uniqueKeys).toEqual([['id'], ['sku']]);
    expect(product.columns.get('weightKg')?.sqlType).toBe('numeric(8,3)');
    expect(product.columns.get('id')?.hasDefault).toBe(true);
    expect((await partsOf(db).catalog.table('order')).columns.get('status')).toMatchObject({
      kind: 'enum',
      sqlType: 'order_status',
    });
  });

  it('is read with one statement for all models, and again after a failure', async () => {
    const { executor, catalog } = partsOf(db);
    let reads = 0;
    const counting = {
      ...executor,
      execute: (statement: Parameters<typeof executor.execute>[0]) => {
        reads += 1;
        if (reads === 1) return Promise.reject(new Error('away'));
        return executor.execute(statement);
      },
    };
    catalog.forget();
    const fresh = new (catalog.constructor as new (...parameters: unknown[]) => typeof catalog)(
      counting,
      (catalog as unknown as { models: unknown }).models,
      undefined,
      () => false,
    );
    await expect(fresh.table('order')).rejects.toThrow('away');
    await Promise.all([fresh.table('order'), fresh.table('product'), fresh.table('customer')]);
    await fresh.table('category');
    expect(reads).toBe(2);
  });

  it('names a model that the client does not have, and one whose table is missing', async () => {
    await expect(partsOf(db).catalog.table('nonsense')).rejects.toBeInstanceOf(InvalidOptionsError);
    await database.query('ALTER TABLE stock_item RENAME TO stock_item_gone');
    partsOf(db).catalog.forget();
    await expect(partsOf(db).catalog.table('stockItem')).rejects.toBeInstanceOf(SchemaError);
    await database.query('ALTER TABLE stock_item_gone RENAME TO stock_item');
    await expect(partsOf(db).catalog.table('stockItem')).resolves.toMatchObject({ table: 'stock_item' });
  });
});
