import { describe, expect, it } from '@jest/globals';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import type { SingleConnection, TextResult } from '../postgres/single-connection.js';
import { MigrationAdapterFactory } from './migration-adapter.js';

const SQL = { sql: 'SELECT', args: [], argTypes: [] };

describe('MigrationAdapterFactory', () => {
  it.each([
    ['"char"', 18, 'p', ColumnTypeEnum.Character, 'p'],
    ['bool', 16, 't', ColumnTypeEnum.Boolean, true],
    ['int4', 23, '-7', ColumnTypeEnum.Int32, -7],
    ['int8', 20, '9007199254740993', ColumnTypeEnum.Int64, '9007199254740993'],
    ['text[]', 1009, '{"a,b",NULL}', ColumnTypeEnum.TextArray, ['a,b', null]],
    ['int2[]', 1005, '{1,2}', ColumnTypeEnum.Int32Array, [1, 2]],
    [
      'timestamptz',
      1184,
      '2026-01-02 03:04:05.678+00',
      ColumnTypeEnum.DateTime,
      '2026-01-02T03:04:05.678+00:00',
    ],
    ['timestamp', 1114, '2026-01-02 03:04:05', ColumnTypeEnum.DateTime, '2026-01-02T03:04:05+00:00'],
    ["a user's enum", 16_500, 'PAID', ColumnTypeEnum.Text, 'PAID'],
  ])('gives the engine a value of type %s as it expects it', async (_, typeId, text, columnType, value) => {
    const adapter = await connect({ columns: [{ name: 'c', typeId }], rows: [[text], [null]], rowCount: 2 });
    expect(await adapter.queryRaw(SQL)).toEqual({
      columnNames: ['c'],
      columnTypes: [columnType],
      rows: [[value], [null]],
    });
  });

  it('refuses a type it does not know, as a wrong one makes the engine panic', async () => {
    const adapter = await connect({ columns: [{ name: 'c', typeId: 600 }], rows: [], rowCount: 0 });
    await expect(adapter.queryRaw(SQL)).rejects.toMatchObject({
      cause: { kind: 'UnsupportedNativeDataType' },
    });
  });

  it('tells the engine about a missing table in the form it understands, and about the rest in the words of the server', async () => {
    const missing = await connect(Object.assign(new Error('no'), { code: '42P01' }));
    await expect(missing.queryRaw(SQL)).rejects.toMatchObject({ cause: { kind: 'TableDoesNotExist' } });
    const denied = await connect(Object.assign(new Error('permission denied'), { code: '42501' }));
    await expect(denied.executeRaw(SQL)).rejects.toMatchObject({
      cause: { kind: 'postgres', code: '42501' },
    });
    const lost = await connect(new Error('Connection terminated unexpectedly'));
    await expect(lost.executeRaw(SQL)).rejects.toMatchObject({ cause: { kind: 'ConnectionClosed' } });
  });

  it('has no shadow database that could turn out to be the real one', async () => {
    const factory = new MigrationAdapterFactory(connectionThatAnswers(new Error('unused')), undefined);
    await expect(factory.connectToShadowDb()).rejects.toMatchObject({ code: 'MIGRATION_SETUP' });
  });
});

function connect(answer: TextResult | Error) {
  return new MigrationAdapterFactory(connectionThatAnswers(answer), undefined).connect();
}

function connectionThatAnswers(answer: TextResult | Error): SingleConnection {
  const query = () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer));
  return { query } as unknown as SingleConnection;
}
