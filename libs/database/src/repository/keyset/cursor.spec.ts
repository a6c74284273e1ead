import { describe, expect, it } from '@jest/globals';
import { InvalidCursorError } from '../../errors/invalid-cursor.error.js';
import type { ModelColumn } from '../../query/model-table.js';
import { readCursor, writeCursor, type CursorScope } from './cursor.js';
import type { OrderColumn } from './page-order.js';

const NEW = 'a new secret of thirty-two characters';
const OLD = 'an old secret of thirty-two characters';
const order = (field: string, direction: 'asc' | 'desc' = 'asc'): OrderColumn => ({
  column: { field } as ModelColumn,
  direction,
  nulls: 'last',
});
const scope: CursorScope = { connection: 'default', model: 'order', order: [order('placedAt'), order('id')] };
const values = ['2024-01-01 00:00:00.123456+00', null, 'ä "quoted" text'];

describe('A cursor', () => {
  const cursor = writeCursor(NEW, scope, values);
  const read = (text: string, keys = [NEW], where = scope) => readCursor(keys, where, text, 'after');

  it('gives back the values it was made of, and is safe in a URL', () => {
    expect(read(cursor)).toEqual(values);
    expect(cursor).toMatch(/^[\w-]+$/);
  });

  it('is refused with any single bit of it changed', () => {
    const bytes = Buffer.from(cursor, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => read(changed.toString('base64url'))).toThrow(InvalidCursorError);
    }
  });

  it('is refused with any character replaced, added or left out, also where the bytes stay the same', () => {
    for (let index = 0; index < cursor.length; index += 1) {
      for (const character of ['A', 'B', '_', '=', ' ', '+']) {
        if (character === cursor[index]) continue;
        const changed = cursor.slice(0, index) + character + cursor.slice(index + 1);
        expect(() => read(changed)).toThrow(InvalidCursorError);
      }
      expect(() => read(cursor.slice(0, index))).toThrow(InvalidCursorError);
    }
    expect(() => read(`${cursor}A`)).toThrow(InvalidCursorError);
    expect(() => read(`${cursor}=`)).toThrow(InvalidCursorError);
  });

  it.each<[string, CursorScope]>([
    ['connection', { ...scope, connection: 'billing' }],
    ['model', { ...scope, model: 'customer' }],
    ['column', { ...scope, order: [order('createdAt'), order('id')] }],
    ['direction', { ...scope, order: [order('placedAt'), order('id', 'desc')] }],
    ['number of columns', { ...scope, order: [order('placedAt')] }],
  ])('is refused for another %s', (_what, other) => {
    expect(() => read(cursor, [NEW], other)).toThrow(InvalidCursorError);
  });

  it('is read with an old secret that is still given, and refused without it', () => {
    const old = writeCursor(OLD, scope, values);
    expect(read(old, [NEW, OLD])).toEqual(values);
    expect(() => read(old, [NEW])).toThrow(InvalidCursorError);
  });

  it('says which argument it was, and nothing of its content', () => {
    expect.assertions(2);
    try {
      read('nonsense');
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_CURSOR', path: 'after', retryable: false });
      expect(String(error)).not.toContain('nonsense');
    }
  });
});
