import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { PersonRepository, ReadingRepository, SensorRepository, SiteRepository } from './repositories.js';
import { SensorService } from './sensor.service.js';

const repositories = [SiteRepository, PersonRepository, SensorRepository, ReadingRepository];

@Module({
  imports: [DatabaseModule.forFeature(repositories)],
  providers: [SensorService],
  exports: [SensorService, DatabaseModule.forFeature(repositories)],
})
export class SensorModule {}
