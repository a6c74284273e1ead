// Only compiled: what the declarations promise, and what they refuse. A refusal that no longer happens is an error itself
// (TS2578, unused '@ts-expect-error').
import type { PrismaService } from 'nestjs-database';
import type { Prisma, Severity } from './generated/prisma/client.js';
import type { ReadingRepository, SensorRepository, SiteRepository } from './repositories.js';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_Claim extends true>(): void => undefined;

export async function refused(
  sites: SiteRepository,
  sensors: SensorRepository,
  readings: ReadingRepository,
  prisma: PrismaService,
) {
  const siteId = '00000000-0000-4000-8000-000000000000';

  const _picked = await sensors.findMany({
    select: { severity: true, levels: true, site: { select: { name: true } } },
  });
  holds<Same<(typeof _picked)[number], { severity: Severity; levels: Severity[]; site: { name: string } }>>();

  const _reading = await readings.getById(1n, { include: { sensor: true } });
  holds<Same<typeof _reading.id, bigint>>();
  holds<Same<typeof _reading.amount, Prisma.Decimal>>();
  holds<Same<typeof _reading.note, Prisma.JsonValue>>();
  holds<Same<typeof _reading.sensor.installed, Date>>();
  holds<Same<Awaited<ReturnType<typeof sites.findById>>, { id: string; name: string } | null>>();
  holds<Same<Awaited<ReturnType<typeof prisma.site.findFirst>>, { id: string; name: string } | null>>();

  // @ts-expect-error -- the id is a UUID in a string
  await sites.findById(1);
  // @ts-expect-error -- the id is a bigint
  await readings.findById('1');
  // @ts-expect-error -- the key has two columns
  await sensors.findById({ siteSerial: { siteId } });
  // @ts-expect-error -- a misspelt filter beside a right one, which Prisma's own types accept
  await sites.findMany({ where: { name: 'North', nmae: 'North' } });
  // @ts-expect-error -- a misspelt field two levels down
  await sensors.findMany({ include: { site: { select: { nam: true } } } });
  // @ts-expect-error -- the database's name of a column is not the field's
  await sensors.findMany({ where: { site_id: siteId } });
  // @ts-expect-error -- the database's name of an enum's value is not the client's
  await sensors.update({ where: { siteSerial: { siteId, serial: 1 } }, data: { severity: 'calm, at once' } });
  // @ts-expect-error -- `label`, `shelf` and `installed` are missing
  await sensors.create({ data: { siteId, serial: 1 } });
  // @ts-expect-error -- either `select` or `include`
  await sensors.findMany({ select: { label: true }, include: { site: true } });
  // @ts-expect-error -- what was not selected is not there
  console.log((await sites.findMany({ select: { id: true } }))[0]?.name);
  // @ts-expect-error -- the client has no such model
  await prisma.product.count();
}
