import { describe, expect, it } from '@jest/globals';
import { parseSchemaText, readSchemaText } from './schema-text.js';

const SCHEMA = `
/// model Commented {
model User {
  id        String   @id @default(uuid(7)) @db.Uuid // @updatedAt
  note      String   @default("a (b) // \\"@updatedAt\\"") @map("n")
  key       String   @default(dbgenerated("gen_random_uuid()"))
  changedAt DateTime @updatedAt @map("changed_at")
  role      Role     @default(value: ADMIN)
  plain     Int?
  tags      String[] @db.Text
  code      String?  @db.VarChar(50) // @db.Char(3)
  noType    String   @default(" @db.Char(3)")

  @@index([note])
}

view UserCount { // a comment
  count Int?
}

enum Role {
  ADMIN  @map("role-admin")
  MEMBER
  @@map("role")
}
`;

describe('The text of a schema', () => {
  it('says which defaults Prisma makes in its client, and how the values of an enum are stored', () => {
    const { fields, enums } = parseSchemaText(SCHEMA);
    const user = fields.get('User');
    expect([...fields.keys()]).toEqual(['User', 'UserCount']);
    expect(user?.get('id')).toEqual({
      isList: false,
      isNullable: false,
      nativeType: 'Uuid',
      nativeSize: undefined,
      updatedAt: false,
      byDefault: 'uuid(7)',
    });
    expect(user?.get('note')?.byDefault).toContain('a (b)');
    expect(user?.get('note')?.updatedAt).toBe(false);
    expect(user?.get('key')?.byDefault).toBe('dbgenerated("gen_random_uuid()")');
    expect(user?.get('changedAt')).toMatchObject({ updatedAt: true, byDefault: undefined });
    expect(user?.get('role')?.byDefault).toBe('ADMIN');
    expect(user?.get('plain')).toMatchObject({ updatedAt: false, byDefault: undefined });
    expect([...(enums.get('Role') ?? [])]).toEqual([
      ['ADMIN', 'role-admin'],
      ['MEMBER', 'MEMBER'],
    ]);
  });

  it('says which fields are lists or may be null, and their types in the database, whatever texts and comments hold', () => {
    const { fields } = parseSchemaText(SCHEMA);
    const user = fields.get('User');
    expect(user?.get('plain')).toMatchObject({ isNullable: true, isList: false });
    expect(user?.get('tags')).toMatchObject({ isNullable: false, isList: true });
    expect(user?.get('code')).toMatchObject({ isNullable: true, nativeType: 'VarChar', nativeSize: 50 });
    expect(user?.get('noType')).toMatchObject({ nativeType: undefined, byDefault: '" @db.Char(3)"' });
    expect(fields.get('UserCount')?.get('count')).toMatchObject({ isNullable: true });
  });

  it('is read whatever ends its lines', () => {
    expect(parseSchemaText(SCHEMA.replaceAll('\n', '\r\n'))).toEqual(parseSchemaText(SCHEMA));
  });

  it('is empty for a client that does not carry it', () => {
    expect(readSchemaText({}).fields.size).toBe(0);
    expect(readSchemaText(null).enums.size).toBe(0);
  });
});
