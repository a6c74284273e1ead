import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { PrismaService } from 'nestjs-database';
import {
  DatabaseHealthIndicator,
  DatabasePoolHealthIndicator,
  RedisHealthIndicator,
} from 'nestjs-database/health';
import { readShopVersion } from '../app.version.js';
import { HealthView, LivenessView, ReadinessView } from './health.view.js';

const NO_STORE = ['Cache-Control', 'no-store'] as const;

@ApiTags('Health')
@Controller()
export class HealthController {
  private readonly version = readShopVersion();

  constructor(
    private readonly prisma: PrismaService,
    private readonly checks: HealthCheckService,
    private readonly database: DatabaseHealthIndicator,
    private readonly pool: DatabasePoolHealthIndicator,
    private readonly redis: RedisHealthIndicator,
  ) {}

  @Get('api/health')
  @Header(...NO_STORE)
  @ApiOperation({ summary: 'How the shop is, for people and dashboards', operationId: 'getHealth' })
  @ApiOkResponse({ type: HealthView })
  @ApiServiceUnavailableResponse({ type: HealthView, description: 'The database is down.' })
  async health(@Res({ passthrough: true }) response: { status(code: number): unknown }): Promise<HealthView> {
    const report = await this.prisma.checkHealth();
    if (!report.healthy) response.status(HttpStatus.SERVICE_UNAVAILABLE);
    return new HealthView(report, this.version);
  }

  /** Asks no store: a restart of the process would not cure one. */
  @Get('livez')
  @Header(...NO_STORE)
  @ApiOperation({ summary: 'Whether the process answers', operationId: 'getLiveness' })
  @ApiOkResponse({ type: LivenessView })
  live(): LivenessView {
    return new LivenessView();
  }

  @Get('readyz')
  // Terminus finds Swagger with `require`, which not every loader of ES modules allows; so it is described below.
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  @ApiOperation({ summary: 'Whether the process can do its work', operationId: 'getReadiness' })
  @ApiOkResponse({ type: ReadinessView })
  @ApiServiceUnavailableResponse({ type: ReadinessView, description: 'The database is down.' })
  async ready(): Promise<HealthCheckResult> {
    return await this.checks.check([
      () => this.database.pingCheck('database'),
      () => this.pool.pressureCheck('pool'),
      // Nothing of the shop stops working without Redis.
      () => this.redis.pingCheck('redis', { criticality: 'optional' }),
    ]);
  }
}
