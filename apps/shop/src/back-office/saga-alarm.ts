import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SAGA_CHANNELS, type SagaProgressEvent } from 'nestjs-database';

/** Says in the log that a saga waits for somebody: nothing else would tell people who do not look. */
@Injectable()
export class SagaAlarm implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('SagaAlarm');
  private readonly listen = (message: unknown) => {
    const { point, state, saga, key } = message as SagaProgressEvent;
    if (point !== 'moved' || state !== 'dead') return;
    this.logger.error(
      `Saga ${saga} is dead. See GET /back-office/sagas/${saga}/${key}, then retry or resolve it.`,
    );
  };

  onModuleInit(): void {
    subscribe(SAGA_CHANNELS.progress, this.listen);
  }

  onModuleDestroy(): void {
    unsubscribe(SAGA_CHANNELS.progress, this.listen);
  }
}
