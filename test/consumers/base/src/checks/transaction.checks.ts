import { rejects, strictEqual } from 'node:assert/strict';
import type { INestApplicationContext } from '@nestjs/common';
import { PrismaService, TransactionManager, TransactionScopeClosedError } from 'nestjs-database';
import { PlannedFailure, SensorService } from '../sensor.service.js';
import type { CheckList } from './check-list.js';

export async function checkTransactions(list: CheckList, app: INestApplicationContext): Promise<void> {
  const service = app.get(SensorService);
  const prisma = app.get(PrismaService);

  await list.check(
    'a transaction over repositories, services and the client is kept as a whole',
    async () => {
      await service.open('kept');
      strictEqual(await service.traces('kept'), 3);
    },
  );

  await list.check('a transaction that fails leaves nothing', async () => {
    await rejects(service.open('undone', true), PlannedFailure);
    strictEqual(await service.traces('undone'), 0);
  });

  await list.check('what is not committed is not seen outside', async () => {
    const written = latch();
    const looked = latch();
    const transaction = app.get(TransactionManager).run(
      async () => {
        await service.open('hidden');
        written.open();
        await looked.opened;
      },
      { isolationLevel: 'Serializable' },
    );
    await Promise.race([written.opened, transaction]);
    const seen = await service.traces('hidden').finally(looked.open);
    await transaction;
    strictEqual(seen, 0);
    strictEqual(await service.traces('hidden'), 3);
  });

  await list.check('a query after the end of its transaction is refused, not run outside', async () => {
    const ended = latch();
    const straggle = async () => {
      await ended.opened;
      return await prisma.site.count();
    };
    const late = await app.get(TransactionManager).run(async () => ({ query: straggle() }));
    ended.open();
    await rejects(late.query, TransactionScopeClosedError);
  });
}

function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
