import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { HealthReport } from '../common/health-report.js';

type Session<Key extends string> = ReturnType<typeof HealthIndicatorService.prototype.check<Key>>;

/** A report in the words of Terminus. */
export function indicate<Key extends string>(
  session: Session<Key>,
  report: HealthReport,
): HealthIndicatorResult<Key> {
  const { healthy, latencyMs, details, error } = report;
  return healthy ? session.up({ latencyMs, ...details }) : session.down({ latencyMs, ...details, error });
}
