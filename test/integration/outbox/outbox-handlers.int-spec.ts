import { Controller, Injectable, Scope, type INestApplicationContext, type Provider } from '@nestjs/common';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  DatabaseModule,
  InvalidOptionsError,
  NotConfiguredError,
  openDatabase,
  Outbox,
  OutboxAdmin,
  OutboxHandler,
  PermanentError,
  TransactionManager,
  type NewOutboxMessage,
  type OutboxMessage,
  type OutboxOptions,
} from '../../../libs/database/src/index.js';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { until } from '../../support/until.js';
import { NEVER_MS, useOutbox, type OutboxScene } from './outbox-scene.js';

jest.setTimeout(60_000);

let scene: OutboxScene;
useOutbox((opened) => (scene = opened));

let app: INestApplicationContext | undefined;
const keep = (started: INestApplicationContext) => {
  app = started;
  scene.endWith(() => started.close());
  return started;
};
async function start(providers: Provider[], outbox: OutboxOptions | undefined = {}, controllers = []) {
  const given = outbox && { pollMs: NEVER_MS, leaseMs: 2_000, initialDelayMs: 0, ...outbox };
  const started = await startApplication({
    imports: [databaseModule(scene.database, { outbox: given, pool: { min: 0, max: 4 } })],
    providers,
    controllers,
  });
  return keep(started);
}

async function write(...messages: NewOutboxMessage[]): Promise<string[]> {
  if (app === undefined) throw new Error('No application was started.');
  const outbox = app.get(Outbox);
  return await app
    .get(TransactionManager)
    .run(() => Promise.resolve(messages.map((message) => outbox.add(message))));
}

/** What was handled, by whom. */
let handled: string[] = [];
beforeEach(() => {
  handled = [];
});
const have = async (count: number) => {
  await until(() => handled.length >= count, 15_000);
  return [...handled].sort();
};

@Injectable()
class Journal {
  note(by: string, { topic, payload }: OutboxMessage): void {
    handled.push(`${by}: ${topic} ${String(payload)}`);
  }
}

@Injectable()
class Mails {
  constructor(private readonly journal: Journal) {}

  @OutboxHandler('placed')
  sendReceipt(message: OutboxMessage): void {
    this.journal.note('receipt', message);
  }

  @OutboxHandler('shipped')
  @OutboxHandler('cancelled')
  sendNews(message: OutboxMessage): void {
    this.journal.note('news', message);
  }
}

describe('methods with @OutboxHandler', () => {
  it('get the messages of their topics, several of one method included, with what Nest has injected', async () => {
    await start([Journal, Mails]);
    await write(
      { topic: 'placed', payload: 1 },
      { topic: 'shipped', payload: 2 },
      { topic: 'cancelled', payload: 3 },
    );
    expect(await have(3)).toEqual(['news: cancelled 3', 'news: shipped 2', 'receipt: placed 1']);
    await scene.drained();
  });

  it('stand beside the sinks of the options, `*` among them, which gets what is left', async () => {
    const rest = ({ topic }: OutboxMessage) => void handled.push(`rest: ${topic}`);
    const stock = ({ topic }: OutboxMessage) => void handled.push(`stock: ${topic}`);
    await start([Journal, Mails], { sinks: { '*': rest, stock } });
    await write(
      { topic: 'placed', payload: 1 },
      { topic: 'stock', payload: 2 },
      { topic: 'unheard of', payload: 3 },
    );
    expect(await have(3)).toEqual(['receipt: placed 1', 'rest: unheard of', 'stock: stock']);
  });

  it('are found in controllers, and in what a class inherits; the method that overrides one counts', async () => {
    class Base {
      @OutboxHandler('placed')
      first({ payload }: OutboxMessage): void {
        handled.push(`base ${String(payload)}`);
      }

      @OutboxHandler('shipped')
      second({ payload }: OutboxMessage): void {
        handled.push(`base ${String(payload)}`);
      }
    }
    @Controller()
    class Orders extends Base {
      @OutboxHandler('placed')
      override first({ payload }: OutboxMessage): void {
        handled.push(`orders ${String(payload)}`);
      }
    }
    await start([], {}, [Orders] as never);
    await write({ topic: 'placed', payload: 1 }, { topic: 'shipped', payload: 2 });
    expect(await have(2)).toEqual(['base 2', 'orders 1']);
  });

  it('are called once for a class that several modules know', async () => {
    @Injectable()
    class Shared {
      @OutboxHandler('placed')
      handle({ payload }: OutboxMessage): void {
        handled.push(`shared ${String(payload)}`);
      }
    }
    await start([Shared, { provide: 'alias', useExisting: Shared }]);
    await write({ topic: 'placed', payload: 1 });
    expect(await have(1)).toEqual(['shared 1']);
    await scene.drained();
    expect(handled).toEqual(['shared 1']);
  });

  it('have what they throw make the message be repeated, and a PermanentError make it a dead letter', async () => {
    let failures = 2;
    @Injectable()
    class Failing {
      @OutboxHandler('placed')
      place({ payload, attempt }: OutboxMessage): void {
        handled.push(`${String(payload)} ${attempt}`);
        if (payload === 'hopeless') throw new PermanentError('no such address');
        if (failures-- > 0) throw new TypeError('not now');
      }
    }
    await start([Failing]);
    await write(
      { topic: 'placed', key: 'a', payload: 'flaky' },
      { topic: 'placed', key: 'b', payload: 'hopeless' },
    );
    expect(await have(4)).toEqual(['flaky 1', 'flaky 2', 'flaky 3', 'hopeless 1']);
    await scene.drained();
    const [letter] = (await app?.get(OutboxAdmin).listDead()) ?? [];
    expect(letter).toMatchObject({ payload: 'hopeless', attempts: 1 });
    expect(letter?.lastError).toContain('no such address');
  });

  it('run in no transaction, and write further messages in one of their own', async () => {
    @Injectable()
    class Relay {
      constructor(
        private readonly transactions: TransactionManager,
        private readonly outbox: Outbox,
      ) {}

      @OutboxHandler('placed')
      async place({ id }: OutboxMessage): Promise<void> {
        handled.push(`active: ${String(this.transactions.isActive())}`);
        await this.transactions.run(() =>
          // Whatever comes twice is written once.
          Promise.resolve(this.outbox.add({ topic: 'mailed', payload: id, dedupKey: id })),
        );
      }

      @OutboxHandler('mailed')
      mail({ payload }: OutboxMessage): void {
        handled.push(`mailed ${String(payload)}`);
      }
    }
    await start([Relay]);
    const [id] = await write({ topic: 'placed', payload: 1 });
    expect(await have(2)).toEqual(['active: false', `mailed ${String(id)}`]);
  });

  it('are those of the connection that they name, and no other one', async () => {
    @Injectable()
    class Both {
      @OutboxHandler('placed')
      here({ payload }: OutboxMessage): void {
        handled.push(`default ${String(payload)}`);
      }

      @OutboxHandler('placed', { connection: 'billing' })
      there({ payload }: OutboxMessage): void {
        handled.push(`billing ${String(payload)}`);
      }
    }
    const outbox = { pollMs: NEVER_MS, leaseMs: 2_000 };
    const started = await startApplication({
      imports: [
        databaseModule(scene.database, { outbox, pool: { min: 0, max: 3 } }),
        DatabaseModule.forRoot({
          name: 'billing',
          client: PrismaClient,
          url: scene.database.url,
          librarySchema: 'billing_library',
          redis: false,
          env: false,
          pool: { min: 0, max: 3 },
          outbox,
        } as never),
      ],
      providers: [Both],
    });
    keep(started);
    await write({ topic: 'placed', payload: 1 });
    expect(await have(1)).toEqual(['default 1']);
    await scene.drained();
    expect(handled).toEqual(['default 1']);
  });
});

describe('a start', () => {
  const handlerOf = (scope: Scope) => {
    @Injectable({ scope })
    class ShortLived {
      @OutboxHandler('placed')
      handle(): void {
        handled.push('called');
      }
    }
    return ShortLived;
  };

  it.each([
    ['for each request', Scope.REQUEST],
    ['for each injection', Scope.TRANSIENT],
  ])('is refused with a handler in a class that is made %s', async (_, scope) => {
    await expect(start([handlerOf(scope)])).rejects.toThrow(
      /ShortLived\.handle.*made for each request or each/s,
    );
  });

  it('is refused with a handler in a class that injects what is made for each request', async () => {
    const Inner = handlerOf(Scope.REQUEST);
    @Injectable()
    class Outer {
      constructor(readonly inner: InstanceType<typeof Inner>) {}

      @OutboxHandler('shipped')
      handle(): void {
        handled.push('called');
      }
    }
    Reflect.defineMetadata('design:paramtypes', [Inner], Outer);
    await expect(start([Inner, Outer])).rejects.toThrow(InvalidOptionsError);
  });

  it('is refused with two handlers of one topic, both named', async () => {
    @Injectable()
    class Second {
      @OutboxHandler('placed')
      handle(): void {
        handled.push('called');
      }
    }
    await expect(start([Journal, Mails, Second])).rejects.toThrow(
      /`placed` has two sinks, Mails\.sendReceipt and Second\.handle/,
    );
  });

  it('is refused with a handler of a topic that the options have a sink for', async () => {
    const placed = () => undefined;
    await expect(start([Journal, Mails], { sinks: { placed } })).rejects.toThrow(
      /`placed` has two sinks, `outbox\.sinks\.placed` and Mails\.sendReceipt/,
    );
  });

  it('is refused with a handler where there is no outbox to be called by', async () => {
    const starting = startApplication({
      imports: [databaseModule(scene.database)],
      providers: [Journal, Mails],
    });
    await expect(starting).rejects.toThrow(/Mails\.sendReceipt.*not configured.*`outbox: \{\}`/s);
  });

  it.each([
    ['Outbox', Outbox],
    ['OutboxAdmin', OutboxAdmin],
  ])('is refused where %s is injected and there is no outbox, with the option named', async (_, token) => {
    @Injectable()
    class Shop {
      constructor(readonly outbox: unknown) {}
    }
    Reflect.defineMetadata('design:paramtypes', [token], Shop);
    const starting = startApplication({ imports: [databaseModule(scene.database)], providers: [Shop] });
    await expect(starting).rejects.toThrow(NotConfiguredError);
    await expect(starting).rejects.toThrow(/`Shop`.*outbox: \{\}/s);
  });

  it('of a script refuses the outbox in the same way at its first use', async () => {
    await using database = await openDatabase({
      client: PrismaClient,
      url: scene.database.url,
      redis: false,
      env: false,
      pool: { min: 0, max: 1 },
    });
    expect(() => database.outbox).toThrow(NotConfiguredError);
    expect(() => database.outboxAdmin).toThrow(NotConfiguredError);
  });
});

describe('@OutboxHandler', () => {
  it('is refused without a topic, on a static method and on a property, when the class is defined', () => {
    const decorate =
      (topic: string, target: object, property: string, descriptor?: PropertyDescriptor) => () => {
        OutboxHandler(topic)(target, property, descriptor as never);
      };
    class Shop {
      static handle(): void {
        handled.push('called');
      }

      handle(): void {
        handled.push('called');
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Shop.prototype, 'handle');
    expect(decorate('', Shop.prototype, 'handle', descriptor)).toThrow(/Shop\.handle.*no topic/s);
    expect(decorate('placed', Shop, 'handle', descriptor)).toThrow(/Shop\.handle.*static/s);
    expect(decorate('placed', Shop.prototype, 'field')).toThrow(/Shop\.field.*no method/s);
  });
});
