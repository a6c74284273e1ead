import type { SagaCapabilities } from '../../saga/saga-engine.port.js';

/**
 * Something that an engine may promise.
 *
 * @public
 */
export type SagaCapability = keyof SagaCapabilities;

/**
 * One thing that an engine has to do.
 *
 * @public
 */
export interface ConformanceCase {
  /** Which requirement it is of: `R20`. */
  readonly requirement: string;
  /** What holds, as a sentence. */
  readonly title: string;
  /** What an engine has to promise for it. */
  readonly needs: readonly SagaCapability[];
  /** What of that the engine does not promise: the case is not for it. Empty for a case that has to pass. */
  readonly lacks: readonly SagaCapability[];
  /**
   * Plays it, in applications that it opens and closes.
   *
   * @throws {@link ConformanceFailure} when the engine does not do it, with what has to be, and what is; also for a case that
   *   the engine lacks something for
   */
  run(): Promise<void>;
}
