import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { HealthReport } from 'nestjs-database';

export class DatabaseHealthView {
  @ApiProperty({ enum: ['up', 'down'] })
  readonly status: 'up' | 'down';

  @ApiProperty({ type: Number, description: 'Time of one query in milliseconds.', example: 0.8 })
  readonly latencyMs: number;

  @ApiProperty({
    type: 'object',
    description: 'The connections of the pool.',
    additionalProperties: { oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
    example: { total: 2, active: 0, connecting: 0, idle: 2, waiting: 0, max: 20 },
  })
  readonly details: Readonly<Record<string, string | number | boolean>>;

  @ApiPropertyOptional({
    type: String,
    description: 'Why it is down; the log has the sentence, which names host and port.',
    example: 'UNAVAILABLE',
  })
  readonly code?: string;

  constructor({ healthy, latencyMs, details, code }: HealthReport) {
    this.status = healthy ? 'up' : 'down';
    this.latencyMs = latencyMs;
    this.details = details;
    if (code !== undefined) this.code = code;
  }
}

export class MemoryView {
  @ApiProperty({ type: 'integer', description: 'Resident memory in bytes.' })
  readonly rss!: number;

  @ApiProperty({ type: 'integer', description: 'In bytes.' })
  readonly heapTotal!: number;

  @ApiProperty({ type: 'integer', description: 'In bytes.' })
  readonly heapUsed!: number;

  @ApiProperty({ type: 'integer', description: 'In bytes.' })
  readonly external!: number;
}

export class HealthView {
  @ApiProperty({ enum: ['ok', 'error'] })
  readonly status: 'ok' | 'error';

  @ApiProperty({ type: String, format: 'date-time' })
  readonly timestamp: string;

  @ApiProperty({ type: Number, description: 'Seconds since the process started.' })
  readonly uptime: number;

  @ApiProperty({ type: DatabaseHealthView })
  readonly database: DatabaseHealthView;

  @ApiProperty({ type: String, description: 'The version of the shop.', example: '0.1.0' })
  readonly version: string;

  @ApiProperty({ type: MemoryView })
  readonly memory: MemoryView;

  constructor(report: HealthReport, version: string) {
    this.status = report.healthy ? 'ok' : 'error';
    this.timestamp = new Date().toISOString();
    this.uptime = process.uptime();
    this.database = new DatabaseHealthView(report);
    this.version = version;
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
    this.memory = { rss, heapTotal, heapUsed, external };
  }
}

export class LivenessView {
  @ApiProperty({ enum: ['ok'] })
  readonly status = 'ok';
}

const INDICATOR = {
  type: 'object' as const,
  properties: { status: { type: 'string', enum: ['up', 'degraded', 'down'] } },
  required: ['status'],
  additionalProperties: { oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
};
const INDICATORS = { type: 'object' as const, additionalProperties: INDICATOR };

/** Terminus' report, for the documentation. */
export class ReadinessView {
  @ApiProperty({ enum: ['ok', 'degraded', 'error', 'shutting_down'] })
  readonly status!: string;

  @ApiProperty({
    ...INDICATORS,
    description: 'What is up, or degraded, which is worse but no reason to stop sending requests.',
  })
  readonly info!: object;

  @ApiProperty({ ...INDICATORS, description: 'What is down.' })
  readonly error!: object;

  @ApiProperty({ ...INDICATORS, description: 'Everything.' })
  readonly details!: object;
}
