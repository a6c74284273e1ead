import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';

@Injectable()
export class SiteRepository extends RepositoryFor('site') {}

@Injectable()
export class PersonRepository extends RepositoryFor('person') {}

@Injectable()
export class ReadingRepository extends RepositoryFor('reading') {}

@Injectable()
export class SensorRepository extends RepositoryFor('sensor') {
  /** A method of the application's own over the typed delegate; its result type ends up in the declaration file. */
  async onShelf(shelf: number) {
    return await this.delegate.findMany({
      where: { shelf },
      select: { label: true, site: { select: { name: true } } },
    });
  }
}
