import { Module } from '@nestjs/common';
import { DatabaseHealthModule } from 'nestjs-database/health';
import { HealthController } from './health.controller.js';

@Module({ imports: [DatabaseHealthModule], controllers: [HealthController] })
export class HealthModule {}
