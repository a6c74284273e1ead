import { delegateName, type DataModel } from '../client/data-model.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { SchemaError } from '../errors/query.errors.js';
import { OwnContext } from '../common/own-context.js';
import { describeTable, type CatalogRow } from './model-table.factory.js';
import type { ModelTable } from './model-table.js';
import type { SqlExecutor } from './sql-executor.port.js';

const READ_CATALOG = `
SELECT n.nspname AS "schema", c.relname AS "table",
  (SELECT json_agg(json_build_object(
      'column', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
      'hasDefault', a.atthasdef OR a.attidentity <> '', 'generated', a.attgenerated <> '' OR a.attidentity = 'a',
      'foldsTexts', EXISTS (SELECT FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation AND NOT l.collisdeterministic)))
   FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS "columns",
  (SELECT json_agg(json_build_object(
      'name', ic.relname, 'unique', i.indisunique AND i.indisvalid AND i.indimmediate, 'primary', i.indisprimary, 'partial', i.indpred IS NOT NULL,
      'columns', (SELECT json_agg(a.attname ORDER BY k.position)
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE k.position <= i.indnkeyatts)) ORDER BY i.indisprimary DESC, ic.relname)
   FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid WHERE i.indrelid = c.oid) AS "indexes"
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN unnest($1::text[], $2::text[]) AS wanted("schema", "table")
  ON n.nspname = coalesce(wanted."schema", current_schema()) AND c.relname = wanted."table"
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')`;

/** What one connection's models look like in its database. */
export class ModelCatalog {
  private readonly names: ReadonlyMap<string, string>;
  private reading: Promise<ReadonlyMap<string, ModelTable>> | undefined;
  private known: ReadonlyMap<string, ModelTable> | undefined;
  private readonly context = new OwnContext();

  /** @param schema - that of models which name none; undefined leaves it to the session's search path */
  constructor(
    private readonly executor: SqlExecutor,
    private readonly models: Readonly<Record<string, DataModel>>,
    private readonly schema: string | undefined,
    private readonly isInTransaction: () => boolean,
  ) {
    this.names = new Map(Object.keys(models).map((name) => [delegateName(name), name]));
  }

  /**
   * Read once for all models; a failure is not kept, and so the next call asks again. Inside of a transaction it is read
   * for that one alone and on its connection: the pool may have no other.
   *
   * @param model - the delegate, such as `orderItem`
   * @throws {@link InvalidOptionsError} for a model that the client does not have
   * @throws {@link SchemaError} when the database lacks the table or one of the model's columns
   */
  async table(model: string): Promise<ModelTable> {
    const tables = this.known ?? (await this.read());
    const table = tables.get(model);
    if (table !== undefined) return table;
    const modelName = this.names.get(model);
    if (modelName === undefined) {
      throw new InvalidOptionsError('ModelCatalog', [
        { path: 'model', problem: `is "${model}", which the client does not have.` },
      ]);
    }
    // It may have come with a migration since.
    this.forget();
    throw new SchemaError(
      `the table of the model ${modelName}, or one of its columns, is missing`,
      'Apply the migrations that belong to this client.',
    );
  }

  /** What has been read, without asking; undefined before the first question. */
  peek(model: string): ModelTable | undefined {
    return this.known?.get(model);
  }

  /** After a change of the schema: the next question reads again. */
  forget(): void {
    this.known = undefined;
    this.reading = undefined;
  }

  private read(): Promise<ReadonlyMap<string, ModelTable>> {
    if (this.isInTransaction()) return this.readAll();
    this.reading ??= this.context
      .run(() => this.readAll())
      .then(
        (tables) => (this.known = tables),
        (error: unknown) => {
          this.reading = undefined;
          throw error;
        },
      );
    return this.reading;
  }

  private async readAll(): Promise<ReadonlyMap<string, ModelTable>> {
    const wanted = Object.entries(this.models).map(([modelName, model]) => ({
      modelName,
      model,
      schema: model.schema ?? this.schema ?? null,
      table: model.dbName ?? modelName,
    }));
    const { rows } = await this.executor.execute({
      sql: READ_CATALOG,
      values: [wanted.map(({ schema }) => schema), wanted.map(({ table }) => table)],
      operation: 'Reading the catalog',
      access: 'read',
    });
    const found = rows as unknown as readonly CatalogRow[];
    return new Map(
      wanted.flatMap(({ modelName, model, schema, table }) => {
        const row = found.find((one) => one.table === table && (schema === null || one.schema === schema));
        const described = row === undefined ? undefined : describeTable(modelName, model, row);
        return described === undefined ? [] : [[described.model, described] as const];
      }),
    );
  }
}
