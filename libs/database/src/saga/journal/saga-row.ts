import { fromErrorRecord } from '../error-record.js';
import type { SagaAuditEntry, SagaSnapshot, SagaStepSnapshot } from '../saga-engine.port.js';
import type { Direction, SagaRecord, StepEntry } from '../saga-journal.port.js';
import { resolutionIn } from '../saga-retry.js';
import { isSettled, type SagaState } from '../saga-state.js';

/** A saga with its steps as the journal gives it. */
export interface SagaRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly key: string;
  readonly input: unknown;
  readonly hasInput: boolean;
  readonly context: unknown;
  readonly state: SagaState;
  readonly fence: string;
  readonly result: unknown;
  readonly hasResult: boolean;
  readonly failedStep: string | null;
  readonly error: unknown;
  readonly deadlineAt: Date | null;
  readonly leftMs: number | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
  readonly recoveries: number;
  readonly cancelled: boolean;
  readonly steps: readonly StepRow[];
  readonly audit: readonly AuditRow[];
}

interface AuditRow {
  readonly at: string;
  readonly action: SagaAuditEntry['action'];
  readonly note: string | null;
}

interface StepRow {
  readonly step: string;
  readonly direction: Direction;
  readonly state: StepEntry['state'];
  readonly attempt: number;
  readonly order: number;
  readonly output: unknown;
  readonly hasOutput: boolean;
  readonly error: unknown;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

/** As an orchestrator takes it up. */
export function toRecord(row: SagaRow): SagaRecord {
  const { name, key, state, failedStep, steps } = row;
  return {
    name,
    key,
    state,
    // NULL is what undefined was; null is written as JSON.
    input: row.hasInput ? row.input : undefined,
    result: row.hasResult ? row.result : undefined,
    step: failedStep ?? undefined,
    error: fromErrorRecord(row.error),
    resolution: resolutionIn(row.audit),
    entries: steps.map(({ step, direction, state, attempt, order, output, hasOutput, error }) => ({
      step,
      direction,
      state,
      attempt,
      order,
      output: hasOutput ? output : undefined,
      error: fromErrorRecord(error),
    })),
  };
}

/** As people see it. */
export function toSnapshot(row: SagaRow, isKnown: (row: SagaRow) => boolean): SagaSnapshot {
  const { id, name, version, key, state, recoveries, createdAt, updatedAt } = row;
  const { input, result, step, error } = toRecord(row);
  return {
    id,
    name,
    version,
    key,
    state,
    orphaned: !isSettled(state) && !isKnown(row),
    cancelRequested: row.cancelled,
    recoveries,
    input,
    result,
    failedStep: step,
    error: error as Error | undefined,
    deadlineAt: row.deadlineAt ?? undefined,
    createdAt,
    updatedAt,
    finishedAt: row.finishedAt ?? undefined,
    steps: row.steps.map(toStepSnapshot),
    audit: row.audit.map(({ at, action, note }) => ({ at: new Date(at), action, note: note ?? undefined })),
  };
}

function toStepSnapshot(row: StepRow): SagaStepSnapshot {
  const { step, direction, state, attempt, startedAt, finishedAt } = row;
  return {
    step,
    direction,
    state,
    attempts: attempt,
    output: row.hasOutput ? row.output : undefined,
    error: fromErrorRecord(row.error),
    startedAt: new Date(startedAt),
    finishedAt: finishedAt === null ? undefined : new Date(finishedAt),
  };
}
