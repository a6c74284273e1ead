import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { INestApplication } from '@nestjs/common';
import type { CheckList } from './checks/check-list.js';

/** Listens on a free port and speaks to the application as its users do. */
export async function checkHttp(list: CheckList, app: INestApplication): Promise<void> {
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();

  await list.check('a request writes through a transaction, the next one reads it', async () => {
    const created = await fetch(`${url}/sites`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'by HTTP' }),
    });
    strictEqual(created.status, 201);
    const site = (await created.json()) as { id: string };
    const read = await fetch(`${url}/sites/${site.id}`);
    deepStrictEqual(await read.json(), { id: site.id, name: 'by HTTP', sensors: [{ label: 'sensor 1' }] });
  });

  await list.check('requests side by side have transactions of their own', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `side ${index}`);
    const answers = await Promise.all(
      names.map((name) =>
        fetch(`${url}/sites`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name }),
        }),
      ),
    );
    const sites = (await Promise.all(answers.map((answer) => answer.json()))) as { name: string }[];
    deepStrictEqual(
      sites.map((site) => site.name),
      names,
    );
  });

  await list.check('the health endpoint asks the database and Redis', async () => {
    const answer = await fetch(`${url}/readyz`);
    strictEqual(answer.status, 200);
    const report = (await answer.json()) as {
      status: string;
      details: Record<string, Record<string, unknown>>;
    };
    strictEqual(report.status, 'ok');
    strictEqual(report.details.database?.status, 'up');
    strictEqual(report.details.redis?.status, 'up');
    if (!process.env.REDIS_URL) ok('configured' in report.details.redis);
  });
}
