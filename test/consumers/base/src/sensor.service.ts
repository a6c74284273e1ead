import { Injectable } from '@nestjs/common';
import { PrismaService, TransactionManager } from 'nestjs-database';
import { PersonRepository, SensorRepository, SiteRepository } from './repositories.js';

export class PlannedFailure extends Error {}

/** Writes through repositories and through the client in one transaction, and passes nothing from call to call. */
@Injectable()
export class SensorService {
  constructor(
    private readonly transactions: TransactionManager,
    private readonly prisma: PrismaService,
    private readonly sites: SiteRepository,
    private readonly sensors: SensorRepository,
    private readonly people: PersonRepository,
  ) {}

  async open(name: string, fail = false) {
    return await this.transactions.run(
      async () => {
        const site = await this.sites.create({ data: { name } });
        await this.prisma.person.create({ data: { name: `warden of ${name}`, siteId: site.id } });
        await this.install(site.id, 1);
        if (fail) throw new PlannedFailure();
        return site;
      },
      { isolationLevel: 'Serializable' },
    );
  }

  /** Joins the transaction of its caller. */
  async install(siteId: string, serial: number) {
    return await this.transactions.run(() =>
      this.sensors.create({
        data: { siteId, serial, label: `sensor ${serial}`, shelf: 1, installed: new Date('2026-02-28') },
      }),
    );
  }

  async traces(name: string): Promise<number> {
    const people = await this.people.count({ where: { name: `warden of ${name}` } });
    const sites = await this.sites.count({ where: { name } });
    return people + sites + (await this.prisma.sensor.count({ where: { site: { name } } }));
  }
}
