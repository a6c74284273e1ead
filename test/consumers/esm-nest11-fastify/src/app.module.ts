import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { DatabaseHealthModule } from 'nestjs-database/health';
import { PrismaClient } from './generated/prisma/client.js';
import { HealthController } from './health.controller.js';
import { SensorModule } from './sensor.module.js';
import { SiteController } from './site.controller.js';

@Module({
  imports: [DatabaseModule.forRoot({ client: PrismaClient }), DatabaseHealthModule, SensorModule],
  controllers: [SiteController, HealthController],
})
export class AppModule {}
