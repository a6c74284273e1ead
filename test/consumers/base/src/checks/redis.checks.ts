import { strictEqual } from 'node:assert/strict';
import type { INestApplicationContext } from '@nestjs/common';
import { RedisService } from 'nestjs-database';
import type { CheckList } from './check-list.js';

export async function checkRedis(list: CheckList, app: INestApplicationContext): Promise<void> {
  await list.check('Redis keeps a value until it is deleted', async () => {
    const redis = app.get(RedisService);
    strictEqual(await redis.get('greeting'), null);
    await redis.set('greeting', 'Grüße', { ttl: 60 });
    strictEqual(await redis.get('greeting'), 'Grüße');
    await redis.del('greeting');
    strictEqual(await redis.get('greeting'), null);
  });
}
