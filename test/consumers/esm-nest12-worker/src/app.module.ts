import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { PrismaClient } from './generated/prisma/client.js';
import { SensorModule } from './sensor.module.js';

@Module({ imports: [DatabaseModule.forRoot({ client: PrismaClient }), SensorModule] })
export class AppModule {}
