import {
  ColumnTypeEnum,
  DriverAdapterError,
  type ColumnType,
  type ConnectionInfo,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
  type Transaction,
} from '@prisma/driver-adapter-utils';
import { MigrationSetupError } from '../migration/migration.errors.js';
import { parseArray, type SingleConnection, type TextResult } from '../postgres/single-connection.js';

// Object ids below this one belong to the types that PostgreSQL is born with.
const FIRST_USER_TYPE = 16_384;
const UNDEFINED_TABLE = '42P01';

type Reader = (text: string) => unknown;
const asText: Reader = (text) => text;
const asTime: Reader = (text) => text.replace(' ', 'T').replace(/(?:[+-]\d{2}(?::\d{2})?)?$/, '+00:00');
const listOf = (read: Reader): Reader => {
  return (text) => parseArray(text).map((element) => (element === null ? null : read(element)));
};

/** The types that occur in the engine's own queries, by object id; the values arrive as text. */
const TYPES = new Map<number, readonly [ColumnType, Reader]>([
  [16, [ColumnTypeEnum.Boolean, (text) => text === 't']],
  // "char", of which the catalogue is full. The engine panics when it gets it as Text.
  [18, [ColumnTypeEnum.Character, asText]],
  [19, [ColumnTypeEnum.Text, asText]], // name
  [20, [ColumnTypeEnum.Int64, asText]],
  [21, [ColumnTypeEnum.Int32, Number]],
  [23, [ColumnTypeEnum.Int32, Number]],
  [25, [ColumnTypeEnum.Text, asText]],
  [26, [ColumnTypeEnum.Int64, asText]], // oid
  [701, [ColumnTypeEnum.Double, Number]],
  [1000, [ColumnTypeEnum.BooleanArray, listOf((text) => text === 't')]],
  [1002, [ColumnTypeEnum.CharacterArray, listOf(asText)]],
  [1003, [ColumnTypeEnum.TextArray, listOf(asText)]],
  [1005, [ColumnTypeEnum.Int32Array, listOf(Number)]],
  [1007, [ColumnTypeEnum.Int32Array, listOf(Number)]],
  [1009, [ColumnTypeEnum.TextArray, listOf(asText)]],
  [1015, [ColumnTypeEnum.TextArray, listOf(asText)]],
  [1016, [ColumnTypeEnum.Int64Array, listOf(asText)]],
  [1028, [ColumnTypeEnum.Int64Array, listOf(asText)]],
  [1042, [ColumnTypeEnum.Text, asText]],
  [1043, [ColumnTypeEnum.Text, asText]],
  [1114, [ColumnTypeEnum.DateTime, asTime]],
  [1184, [ColumnTypeEnum.DateTime, asTime]],
  [1700, [ColumnTypeEnum.Numeric, asText]],
]);

/** What the server said when it rejected a migration's script. */
export interface ScriptFailure {
  readonly script: string;
  readonly sqlState: string | undefined;
  readonly reason: string;
  /** Character of the script the server points at, counting from 1. */
  readonly position: number | undefined;
}

/**
 * Lets Prisma's schema engine work on one connection that somebody else owns and closes.
 *
 * `@prisma/adapter-pg` is made for the query engine. Its `executeScript` splits at every semicolon, quoted ones and
 * function bodies too, and runs the pieces on any connection of a pool (7.10); here a script reaches the server whole.
 */
export class MigrationAdapterFactory implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = 'nestjs-database';
  private readonly adapter: MigrationAdapter;

  constructor(connection: SingleConnection, schema: string | undefined) {
    this.adapter = new MigrationAdapter(connection, schema);
  }

  /** Why the last script failed; undefined when none has. */
  get scriptFailure(): ScriptFailure | undefined {
    return this.adapter.scriptFailure;
  }

  connect(): Promise<SqlDriverAdapter> {
    return Promise.resolve(this.adapter);
  }

  /** Deploying never needs a shadow database; refused, so that nothing can be replayed on the real one by mistake. */
  connectToShadowDb(): Promise<SqlDriverAdapter> {
    const reason = 'a shadow database was asked for, which deploying does not provide';
    return Promise.reject(new MigrationSetupError({ kind: 'refused', refusal: 'shadow database', reason }));
  }
}

class MigrationAdapter implements SqlDriverAdapter {
  readonly provider = 'postgres';
  readonly adapterName = 'nestjs-database';
  scriptFailure: ScriptFailure | undefined;

  constructor(
    private readonly connection: SingleConnection,
    private readonly schema: string | undefined,
  ) {}

  async queryRaw({ sql, args }: SqlQuery): Promise<SqlResultSet> {
    return toResultSet(await this.send(sql, args));
  }

  async executeRaw({ sql, args }: SqlQuery): Promise<number> {
    return (await this.send(sql, args)).rowCount;
  }

  async executeScript(script: string): Promise<void> {
    try {
      await this.connection.script(script);
      if (this.connection.inTransaction) {
        // What the engine writes next would belong to that transaction, and vanish with the connection.
        throw new DriverAdapterError(
          serverError('25001', 'the script left its transaction open; add COMMIT'),
        );
      }
    } catch (error) {
      const failure = describe(error);
      this.scriptFailure = { script, ...failure };
      // Without asking: pg reports the error before it has learned whether a transaction is open. Harmless if none is.
      await this.restore('ROLLBACK');
      if (error instanceof DriverAdapterError) throw error;
      throw new DriverAdapterError(serverError(failure.sqlState, failure.reason));
    } finally {
      // A dump taken as first migration empties the search path; the next script must not inherit that.
      await this.restore('RESET ROLE; RESET ALL');
    }
  }

  /** Fails only when the connection is lost, which the engine's next query reports. */
  private async restore(sql: string): Promise<void> {
    if (!this.connection.lost) await this.connection.script(sql).catch(() => undefined);
  }

  async startTransaction(): Promise<Transaction> {
    await this.send('BEGIN', []);
    // The engine sends COMMIT and ROLLBACK itself (`usePhantomQuery` is false) and only reports them here.
    const { provider, adapterName } = this;
    return {
      provider,
      adapterName,
      options: { usePhantomQuery: false },
      queryRaw: (query) => this.queryRaw(query),
      executeRaw: (query) => this.executeRaw(query),
      commit: () => Promise.resolve(),
      rollback: () => Promise.resolve(),
    };
  }

  getConnectionInfo(): ConnectionInfo {
    return { ...(this.schema !== undefined && { schemaName: this.schema }), supportsRelationJoins: true };
  }

  /** The connection belongs to the caller. */
  dispose(): Promise<void> {
    return Promise.resolve();
  }

  private async send(sql: string, args: readonly unknown[]): Promise<TextResult> {
    try {
      return await this.connection.query(sql, args);
    } catch (error) {
      const { sqlState, reason } = describe(error);
      // The engine takes this as "no migration has ever been applied".
      if (sqlState === UNDEFINED_TABLE) throw new DriverAdapterError({ kind: 'TableDoesNotExist' });
      throw new DriverAdapterError(serverError(sqlState, reason));
    }
  }
}

function toResultSet({ columns, rows }: TextResult): SqlResultSet {
  const types = columns.map(({ typeId }) => {
    const known = TYPES.get(typeId);
    if (known !== undefined) return known;
    if (typeId >= FIRST_USER_TYPE) return [ColumnTypeEnum.Text, asText] as const;
    throw new DriverAdapterError({ kind: 'UnsupportedNativeDataType', type: `object id ${typeId}` });
  });
  return {
    columnNames: columns.map((column) => column.name),
    columnTypes: types.map(([type]) => type),
    rows: rows.map((row) => row.map((value, index) => (value === null ? null : types[index]?.[1](value)))),
  };
}

function serverError(sqlState: string | undefined, message: string): DriverAdapterError['cause'] {
  if (sqlState === undefined) return { kind: 'ConnectionClosed' };
  return {
    kind: 'postgres', code: sqlState, severity: 'ERROR', message, detail: undefined, column: undefined, hint: undefined,
  }; // prettier-ignore
}

function describe(error: unknown): Omit<ScriptFailure, 'script'> {
  if (error instanceof DriverAdapterError && error.cause.kind === 'postgres') {
    return { sqlState: error.cause.code, reason: error.cause.message, position: undefined };
  }
  const { code, message, position } = error as { code?: unknown; message?: unknown; position?: unknown };
  return {
    sqlState: typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined,
    reason: typeof message === 'string' ? message : String(error),
    position: typeof position === 'string' ? Number(position) : undefined,
  };
}
