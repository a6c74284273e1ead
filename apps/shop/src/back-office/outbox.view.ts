import { ApiProperty } from '@nestjs/swagger';
import type { DeadLetter, OutboxStatus, OutboxTopicStatus } from 'nestjs-database';

const COUNT = { type: 'integer', minimum: 0 } as const;
const LAG = { type: Number, description: 'How long the oldest has been waiting, in milliseconds; 0 where there is none.' } as const; // prettier-ignore
const MAYBE_TEXT = { type: String, nullable: true } as const;
const DATE = { type: String, format: 'date-time' } as const;

class TopicView implements OutboxTopicStatus {
  @ApiProperty({ type: String, example: 'order.letters' })
  readonly topic!: string;

  @ApiProperty(COUNT)
  readonly pending!: number;

  @ApiProperty(LAG)
  readonly lagMs!: number;

  @ApiProperty(COUNT)
  readonly dead!: number;
}

export class OutboxView {
  @ApiProperty({ ...COUNT, description: 'Messages that wait for their delivery.' })
  readonly pending: number;

  @ApiProperty(LAG)
  readonly lagMs: number;

  @ApiProperty({ ...COUNT, description: 'Messages that were given up, and that nobody has dealt with.' })
  readonly dead: number;

  @ApiProperty({ type: [TopicView] })
  readonly topics: readonly TopicView[];

  constructor({ pending, lagMs, dead, topics }: OutboxStatus) {
    this.pending = pending;
    this.lagMs = lagMs;
    this.dead = dead;
    this.topics = topics;
  }
}

export class DeadLetterView {
  @ApiProperty({ type: String, format: 'uuid' })
  readonly id: string;

  @ApiProperty({ type: String, example: 'order.letters' })
  readonly topic: string;

  @ApiProperty({ ...MAYBE_TEXT, example: 'order:5001' })
  readonly key: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  readonly payload: unknown;

  @ApiProperty({ type: 'integer', description: 'How often it was tried.' })
  readonly attempts: number;

  @ApiProperty(MAYBE_TEXT)
  readonly lastError: string | null;

  @ApiProperty(DATE)
  readonly createdAt: Date;

  @ApiProperty(DATE)
  readonly diedAt: Date;

  constructor({ id, topic, key, payload, attempts, lastError, createdAt, diedAt }: DeadLetter) {
    this.id = id;
    this.topic = topic;
    this.key = key;
    this.payload = payload;
    this.attempts = attempts;
    this.lastError = lastError;
    this.createdAt = createdAt;
    this.diedAt = diedAt;
  }
}

export class DeadLetterPageView {
  @ApiProperty({ type: [DeadLetterView], description: 'The oldest first.' })
  readonly items: DeadLetterView[];

  @ApiProperty({ ...MAYBE_TEXT, description: '`after` of the next page; null where there is none.' })
  readonly next: string | null;

  /** @param letters - one more than the page holds, where there is one */
  constructor(letters: readonly DeadLetter[], limit: number) {
    const page = letters.slice(0, limit);
    this.items = page.map((letter) => new DeadLetterView(letter));
    this.next = letters.length > limit ? (page.at(-1)?.id ?? null) : null;
  }
}

export class RetriedView {
  @ApiProperty({ ...COUNT, description: 'How many are delivered again.' })
  readonly retried: number;

  constructor(retried: number) {
    this.retried = retried;
  }
}
