import type { Type } from '@nestjs/common';
import type { SagaContextCarrier } from '../../saga/saga-engine.port.js';
import type { Script } from './script.js';

/** A saga of one case. */
export interface Definition {
  readonly name: string;
  readonly version: number;
  readonly script: Script;
  readonly deadlineMs?: number | undefined;
  readonly maxRecoveries?: number | undefined;
}

/** What a member is wanted like; the rest is as most cases want it. */
export interface MemberOptions {
  /** Hears what is told through the outbox; left out: nothing is. */
  readonly listener?: Type;
  readonly definitions: readonly Definition[];
  readonly executes?: boolean;
  readonly leaseMs?: number;
  readonly context?: SagaContextCarrier;
  readonly retentionMs?: number;
  readonly maxConnections?: number;
}
