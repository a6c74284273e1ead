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

  @@index([note])
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
    expect([...fields.keys()]).toEqual(['User']);
    expect(user?.get('id')).toEqual({ updatedAt: false, byDefault: 'uuid(7)' });
    expect(user?.get('note')?.byDefault).toContain('a (b)');
    expect(user?.get('note')?.updatedAt).toBe(false);
    expect(user?.get('key')?.byDefault).toBe('dbgenerated("gen_random_uuid()")');
    expect(user?.get('changedAt')).toEqual({ updatedAt: true, byDefault: undefined });
    expect(user?.get('role')?.byDefault).toBe('ADMIN');
    expect(user?.get('plain')).toEqual({ updatedAt: false, byDefault: undefined });
    expect(enums.get('Role')).toEqual(new Map([['ADMIN', 'role-admin']]));
  });

  it('is empty for a client that does not carry it', () => {
    expect(readSchemaText({}).fields.size).toBe(0);
    expect(readSchemaText(null).enums.size).toBe(0);
  });
});
