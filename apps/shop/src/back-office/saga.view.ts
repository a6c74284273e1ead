import { ApiProperty } from '@nestjs/swagger';
import type { SagaAuditEntry, SagaSnapshot, SagaState, SagaStepSnapshot } from 'nestjs-database';
import { SAGA_STATES } from './saga.dto.js';

const DATE = { type: String, format: 'date-time' } as const;
const MAYBE_DATE = { ...DATE, nullable: true } as const;
const MAYBE_TEXT = { type: String, nullable: true } as const;
const ANY = { type: 'object', additionalProperties: true, nullable: true } as const;

class StepView {
  @ApiProperty({ type: String, example: 'authorise' })
  readonly step: string;

  @ApiProperty({ enum: ['do', 'undo'] })
  readonly direction: string;

  @ApiProperty({
    enum: ['started', 'done', 'failed'],
    description: '`started`: nobody knows yet whether the call has come through.',
  })
  readonly state: string;

  @ApiProperty({ type: 'integer', description: 'How often it was tried.' })
  readonly attempts: number;

  @ApiProperty({ ...MAYBE_TEXT, description: 'What it has failed with.' })
  readonly error: string | null;

  @ApiProperty(DATE)
  readonly startedAt: Date;

  @ApiProperty(MAYBE_DATE)
  readonly finishedAt: Date | null;

  constructor({ step, direction, state, attempts, error, startedAt, finishedAt }: SagaStepSnapshot) {
    this.step = step;
    this.direction = direction;
    this.state = state;
    this.attempts = attempts;
    this.error = textOf(error);
    this.startedAt = startedAt;
    this.finishedAt = finishedAt ?? null;
  }
}

class DecisionView {
  @ApiProperty(DATE)
  readonly at: Date;

  @ApiProperty({ enum: ['retried', 'resolved'] })
  readonly action: string;

  @ApiProperty(MAYBE_TEXT)
  readonly note: string | null;

  constructor({ at, action, note }: SagaAuditEntry) {
    this.at = at;
    this.action = action;
    this.note = note ?? null;
  }
}

export class SagaView {
  @ApiProperty({ type: String, format: 'uuid' })
  readonly id: string;

  @ApiProperty({ type: String, example: 'place-card-order' })
  readonly name: string;

  @ApiProperty({ type: 'integer', minimum: 1 })
  readonly version: number;

  @ApiProperty({ type: String, example: 'cart-17' })
  readonly key: string;

  @ApiProperty({
    enum: SAGA_STATES,
    enumName: 'SagaState',
    description: '`dead` waits for somebody: retry it, or set it right by hand and resolve it.',
  })
  readonly state: SagaState;

  @ApiProperty({
    type: Boolean,
    description: 'Whether it is under way, and this instance cannot go on with it.',
  })
  readonly orphaned: boolean;

  @ApiProperty({ type: Boolean, description: 'Whether it is to be stopped before its next step.' })
  readonly cancelRequested: boolean;

  @ApiProperty({ type: 'integer', description: 'How often another instance had to go on with it.' })
  readonly recoveries: number;

  @ApiProperty(MAYBE_TEXT)
  readonly failedStep: string | null;

  @ApiProperty({ ...MAYBE_TEXT, description: 'Why it was not completed.' })
  readonly error: string | null;

  @ApiProperty(DATE)
  readonly createdAt: Date;

  @ApiProperty({ ...DATE, description: 'When its state has changed last, or its owner.' })
  readonly updatedAt: Date;

  @ApiProperty(MAYBE_DATE)
  readonly finishedAt: Date | null;

  constructor(saga: SagaSnapshot) {
    this.id = saga.id;
    this.name = saga.name;
    this.version = saga.version;
    this.key = saga.key;
    this.state = saga.state;
    this.orphaned = saga.orphaned;
    this.cancelRequested = saga.cancelRequested;
    this.recoveries = saga.recoveries;
    this.failedStep = saga.failedStep ?? null;
    this.error = textOf(saga.error);
    this.createdAt = saga.createdAt;
    this.updatedAt = saga.updatedAt;
    this.finishedAt = saga.finishedAt ?? null;
  }
}

export class SagaDetailView extends SagaView {
  @ApiProperty({ ...ANY, description: 'What it was started with, without tokens of cards.' })
  readonly input: unknown;

  @ApiProperty({ type: [StepView], description: 'In the order in which they were begun.' })
  readonly steps: StepView[];

  @ApiProperty({ type: [DecisionView], description: 'What was done about it while it was dead.' })
  readonly decisions: DecisionView[];

  constructor(saga: SagaSnapshot) {
    super(saga);
    this.input = withoutTokens(saga.input);
    this.steps = saga.steps.map((step) => new StepView(step));
    this.decisions = saga.audit.map((entry) => new DecisionView(entry));
  }
}

export class SagaPageView {
  @ApiProperty({ type: [SagaView], description: 'The oldest first.' })
  readonly items: SagaView[];

  @ApiProperty({ ...MAYBE_TEXT, description: '`after` of the next page; null where there is none.' })
  readonly next: string | null;

  /** @param sagas - one more than the page holds, where there is one */
  constructor(sagas: readonly SagaSnapshot[], limit: number) {
    const page = sagas.slice(0, limit);
    this.items = page.map((saga) => new SagaView(saga));
    this.next = sagas.length > limit ? (page.at(-1)?.id ?? null) : null;
  }
}

function textOf(error: Error | undefined): string | null {
  return error === undefined ? null : `${error.name}: ${error.message}`;
}

/** Who looks after sagas needs no means to charge a card. */
function withoutTokens(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input ?? null;
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, /token$/i.test(name) ? '***' : (value as unknown)]),
  );
}
