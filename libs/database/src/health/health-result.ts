import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';

type Data = Record<string, string | number | boolean>;
/** What Terminus 11 and 12 have in common, and what only 12 has. */
type Session<Key extends string> = Pick<
  ReturnType<typeof HealthIndicatorService.prototype.check<Key>>,
  'up' | 'down'
> & { readonly degraded?: (data: Data) => HealthIndicatorResult<Key> };
type Figures = Readonly<Record<string, string | number | boolean | undefined>>;

/** What an indicator found, before it is put into the words of Terminus. */
export interface Finding {
  readonly status: 'up' | 'degraded' | 'down';
  /** Shown only where the application asks for details. */
  readonly figures: Figures;
}

/**
 * Settings of one check.
 *
 * @public
 */
export interface HealthCheckSettings {
  /**
   * Whether the result holds latency, figures and the reason of a failure. Leave it off where everybody can read the
   * answer: the reason names host and port.
   *
   * @defaultValue false
   */
  readonly details?: boolean;
}

/**
 * A finding in the words of Terminus.
 *
 * Terminus 11 knows no `degraded` and drops a status it does not know from the report, so there it is `up` with a
 * mark: the answer is 200 in both.
 */
export function indicate<Key extends string>(
  session: Session<Key>,
  { status, figures }: Finding,
  details: boolean,
): HealthIndicatorResult<Key> {
  const data = details ? defined(figures) : {};
  if (status === 'down') return session.down(data);
  if (status === 'up') return session.up(data);
  return session.degraded?.(data) ?? session.up({ degraded: true, ...data });
}

function defined(figures: Figures): Data {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined)) as Data;
}
