import type { LoggerService } from '@nestjs/common';
import type { Finding } from './health-result.js';

/**
 * Tells the log when a store changes, once per change: the answer of a public endpoint holds status words only, and a
 * probe every second would bury everything else.
 */
export class HealthLog {
  private readonly known = new Map<string, Finding['status']>();

  constructor(private readonly logger: Pick<LoggerService, 'log' | 'warn'>) {}

  /** @param subject - what the finding is about; a fixed name, so that the map stays small */
  note(subject: string, { status, figures }: Finding): void {
    const before = this.known.get(subject) ?? 'up';
    if (status === before) return;
    this.known.set(subject, status);
    const { error, ...rest } = figures;
    const words = Object.entries(rest).filter(([, value]) => value !== undefined);
    const shown =
      words.length === 0 ? '' : ` (${words.map(([name, value]) => `${name}=${String(value)}`).join(', ')})`;
    const line = `${subject} is ${status}, was ${before}${shown}${error === undefined ? '.' : `: ${String(error)}`}`;
    if (status === 'up') this.logger.log(line);
    else this.logger.warn(line);
  }
}
