import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { DatabaseHealthModule } from 'nestjs-database/health';
import { PrismaClient } from './generated/prisma/client.js';
import { HealthController } from './health.controller.js';
import { SensorModule } from './sensor.module.js';
import { SiteController } from './site.controller.js';

@Module({
  providers: [{ provide: 'DATABASE_URL', useFactory: () => process.env.DATABASE_URL }],
  exports: ['DATABASE_URL'],
})
class SecretsModule {}

@Module({
  imports: [
    DatabaseModule.forRootAsync({
      imports: [SecretsModule],
      inject: ['DATABASE_URL'],
      useFactory: (url: string) => ({ client: PrismaClient, url, pool: { max: 5 } }),
    }),
    DatabaseHealthModule,
    SensorModule,
  ],
  controllers: [SiteController, HealthController],
})
export class AppModule {}
