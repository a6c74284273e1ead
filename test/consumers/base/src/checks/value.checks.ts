import { deepStrictEqual, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import type { INestApplicationContext } from '@nestjs/common';
import { DatabaseError, PrismaService, RecordNotFoundError } from 'nestjs-database';
import { Prisma, Severity } from '../generated/prisma/client.js';
import { PersonRepository, ReadingRepository, SensorRepository, SiteRepository } from '../repositories.js';
import type { CheckList } from './check-list.js';

export async function checkValues(list: CheckList, app: INestApplicationContext): Promise<void> {
  const prisma = app.get(PrismaService);
  const sites = app.get(SiteRepository);
  const sensors = app.get(SensorRepository);
  const readings = app.get(ReadingRepository);
  const people = app.get(PersonRepository);
  const site = await sites.create({ data: { name: 'North' } });
  const key = { siteSerial: { siteId: site.id, serial: 7 } };

  await list.check('generated ids are a UUID and a CUID', async () => {
    ok(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(site.id), site.id);
    const { id } = await people.create({ data: { name: 'Ada' } });
    ok(/^c[0-9a-z]{20,}$/.test(id), id);
    strictEqual((await people.getById(id)).name, 'Ada');
  });

  await list.check(
    'a record with a compound id, mapped enums, arrays and a date is read back as written',
    async () => {
      await sensors.create({
        data: {
          siteId: site.id,
          serial: 7,
          label: 'gate',
          shelf: 2,
          severity: Severity.Urgent,
          tags: ['a "quoted" tag', 'comma, and {brace}', ''],
          levels: [Severity.Urgent, Severity.Calm],
          installed: new Date('2024-02-29'),
        },
      });
      const { updatedAt, ...sensor } = await sensors.getById(key);
      deepStrictEqual(sensor, {
        siteId: site.id,
        serial: 7,
        label: 'gate',
        shelf: 2,
        severity: Severity.Urgent,
        tags: ['a "quoted" tag', 'comma, and {brace}', ''],
        levels: [Severity.Urgent, Severity.Calm],
        installed: new Date('2024-02-29T00:00:00.000Z'),
      });
      ok(Math.abs(Date.now() - updatedAt.getTime()) < 60_000, updatedAt.toISOString());
    },
  );

  await list.check('a compound unique key finds the record, another one finds null', async () => {
    const found = await sensors.findById(
      { siteId_label_shelf: { siteId: site.id, label: 'gate', shelf: 2 } },
      { select: { serial: true } },
    );
    deepStrictEqual(found, { serial: 7 });
    strictEqual(await sensors.findById({ siteSerial: { siteId: site.id, serial: 8 } }), null);
  });

  await list.check('Decimal, BigInt, Bytes and Json keep every digit, byte and key', async () => {
    const { id } = await readings.create({
      data: {
        siteId: site.id,
        serial: 7,
        amount: new Prisma.Decimal('12345678901234567890.0123456789'),
        ticks: 9_223_372_036_854_775_807n,
        raw: Uint8Array.from([0, 1, 127, 128, 255]),
        note: { nested: [1, 'two', null, { three: true }], text: 'Grüße, 🌍' },
      },
    });
    strictEqual(typeof id, 'bigint');
    const reading = await readings.getById(id, { include: { sensor: { include: { site: true } } } });
    strictEqual(reading.amount.toFixed(10), '12345678901234567890.0123456789');
    strictEqual(reading.ticks, 9_223_372_036_854_775_807n);
    deepStrictEqual([...reading.raw], [0, 1, 127, 128, 255]);
    deepStrictEqual(reading.note, { nested: [1, 'two', null, { three: true }], text: 'Grüße, 🌍' });
    strictEqual(reading.sensor.site.name, 'North');
  });

  await list.check('relations to itself and optional ones are followed', async () => {
    const chief = await people.create({ data: { name: 'Grace' } });
    const member = await people.create({ data: { name: 'Linus', bossId: chief.id, siteId: site.id } });
    const found = await people.getById(member.id, {
      include: { boss: { include: { boss: true } }, site: true },
    });
    strictEqual(found.boss?.name, 'Grace');
    strictEqual(found.boss.boss, null);
    strictEqual(found.site?.name, 'North');
    deepStrictEqual(await sensors.onShelf(2), [{ label: 'gate', site: { name: 'North' } }]);
  });

  await list.check('the service is the typed client, raw SQL included', async () => {
    const rows = await prisma.$queryRaw<
      { total: bigint }[]
    >`SELECT count(*) AS total FROM sensors WHERE label = ${'gate'}`;
    strictEqual(rows[0]?.total, 1n);
    const groups = await prisma.sensor.groupBy({ by: ['severity'], _count: true });
    deepStrictEqual(groups, [{ severity: Severity.Urgent, _count: 1 }]);
  });

  await list.check(
    'a record that is missing is an error of one class for every way to load the package',
    async () => {
      const { RecordNotFoundError: loadedAgain } = await import('nestjs-database');
      strictEqual(loadedAgain, RecordNotFoundError);
      await rejects(sites.getById('00000000-0000-4000-8000-000000000000'), (error: unknown) => {
        ok(error instanceof RecordNotFoundError && error instanceof DatabaseError);
        strictEqual(error.code, 'RECORD_NOT_FOUND');
        notStrictEqual(error.message, '');
        return true;
      });
    },
  );
}
