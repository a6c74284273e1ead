import type { INestApplicationContext } from '@nestjs/common';
import { CheckList } from './checks/check-list.js';
import { checkRedis } from './checks/redis.checks.js';
import { checkTransactions } from './checks/transaction.checks.js';
import { checkValues } from './checks/value.checks.js';

/**
 * Checks a started application, closes it, and says so. The process is not ended here: it has to come to its end by
 * itself, and whoever started it waits for that.
 */
export async function runChecks(
  app: INestApplicationContext,
  more?: (list: CheckList) => Promise<void>,
): Promise<void> {
  const list = new CheckList();
  try {
    await checkValues(list, app);
    await checkTransactions(list, app);
    if (process.env.REDIS_URL) await checkRedis(list, app);
    await more?.(list);
  } finally {
    await app.close();
  }
  console.log('closed');
  process.exitCode = list.failed === 0 ? 0 : 1;
}
