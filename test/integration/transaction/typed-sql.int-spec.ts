import { makeTypedQueryFactory } from '@prisma/client/runtime/client';
import { expect, it } from '@jest/globals';
import type { TransactionManager } from '../../../libs/database/src/index.js';
import { getPrismaToken, getTransactionManagerToken } from '../../../libs/database/src/index.js';
import type { PrismaClient } from '../../support/records/generated/prisma/client.js';
import { startApplication } from '../../support/database-application.js';
import { createRecordsDatabase, recordsModule } from '../../support/records-connection.js';

it('runs TypedSQL on the connection of the ambient transaction', async () => {
  const database = await createRecordsDatabase();
  const application = await startApplication({ imports: [recordsModule(database)] });
  try {
    const prisma = application.get<PrismaClient>(getPrismaToken('records'));
    const transactions = application.get<TransactionManager>(getTransactionManagerToken('records'));
    // As a generated query does it.
    const backend = makeTypedQueryFactory('SELECT pg_backend_pid() AS pid, $1::int AS echo');
    const outside = await prisma.$queryRawTyped(backend(1));
    expect(outside).toEqual([{ pid: expect.any(Number), echo: 1 }]);
    await Promise.all(
      [2, 3].map((echo) =>
        transactions.run(async () => {
          const [row] = await prisma.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
          expect(await prisma.$queryRawTyped(backend(echo))).toEqual([{ pid: row?.pid, echo }]);
        }),
      ),
    );
  } finally {
    await application.close();
    await database.drop();
  }
});
