import { afterEach, afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Logger,
  Scope,
  SetMetadata,
  type INestApplicationContext,
} from '@nestjs/common';
import { ContextIdFactory, NestFactory } from '@nestjs/core';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { inspect } from 'node:util';
import {
  DatabaseModule,
  InvalidOptionsError,
  RepositoryFor,
  Transactional,
  TransactionManager,
  UnexpectedRollbackError,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {}

@Injectable()
class CategoryService {
  constructor(
    protected readonly categories: CategoryRepository,
    readonly transactions: TransactionManager,
  ) {}

  @Transactional()
  async addAll(names: readonly string[]): Promise<number> {
    for (const name of names) await this.add(name);
    return names.length;
  }

  @Transactional({ propagation: 'MANDATORY' })
  async add(name: string): Promise<void> {
    await this.categories.create({ data: { name, slug: name } });
    if (name === 'bad') throw new RangeError('bad');
  }

  @Transactional({ isolationLevel: 'Serializable', readOnly: true })
  async count(): Promise<number> {
    await this.categories.create({ data: { name: 'no', slug: 'no' } });
    return 1;
  }
}

@Injectable()
class SpecialService extends CategoryService {
  @Transactional()
  override async addAll(names: readonly string[]): Promise<number> {
    return await super.addAll(names.map((name) => `special-${name}`));
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestService {
  constructor(private readonly categories: CategoryRepository) {}

  @Transactional()
  async addTwo(): Promise<void> {
    await this.categories.create({ data: { name: 'one', slug: 'one' } });
    await this.categories.create({ data: { name: 'one', slug: 'one' } });
  }
}

@Controller()
class CategoryController {
  @Transactional()
  @SetMetadata('role', 'clerk')
  @Get('categories')
  async list(_first: string, _second: string): Promise<void> {
    // Only its metadata are looked at.
  }
}

/** Sets a property on the function, as some decorators do instead of noting metadata. */
const marked: MethodDecorator = (_target, _property, descriptor: PropertyDescriptor) => {
  Object.assign(descriptor.value as object, { mark: 'kept' });
};

/** Made by a factory: Nest injects nothing into it. */
class PlainService {
  constructor(readonly transactions: TransactionManager) {}

  @Transactional()
  @marked
  async markedMethod(): Promise<void> {
    // Only what was set on it is looked at.
  }

  @Transactional()
  async isInside(): Promise<boolean> {
    return await Promise.resolve(this.transactions.isActive());
  }
}

const byFactory = (provide: string, scope: Scope) => ({
  provide,
  scope,
  inject: [TransactionManager],
  useFactory: (manager: TransactionManager) => new PlainService(manager),
});

/** Makes its object of an injected one, which has a copy for it alone. */
class User {
  constructor(readonly service: PlainService) {}
}

let database: TestDatabase;
let application: INestApplicationContext;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
  application = await startApplication({
    imports: [databaseModule(database), DatabaseModule.forFeature([CategoryRepository])],
    controllers: [CategoryController],
    providers: [
      CategoryService,
      SpecialService,
      RequestService,
      {
        provide: PlainService,
        inject: [TransactionManager],
        useFactory: (manager: TransactionManager) => new PlainService(manager),
      },
      byFactory('of a request', Scope.REQUEST),
      byFactory('transient', Scope.TRANSIENT),
      { provide: User, inject: ['transient'], useFactory: (service: PlainService) => new User(service) },
    ],
  });
});
afterEach(async () => {
  await application.close();
});
afterAll(async () => {
  await database.drop();
});

const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);

describe('a method with @Transactional', () => {
  it('commits all it did, and calls on itself join', async () => {
    expect(await application.get(CategoryService).addAll(['a', 'b'])).toBe(2);
    expect(await stored()).toEqual(['a', 'b']);
  });

  it('takes everything back when it fails, and passes the failure on', async () => {
    const running = application.get(CategoryService).addAll(['a', 'bad', 'c']);
    await expect(running).rejects.toBeInstanceOf(RangeError);
    expect(await stored()).toEqual([]);
  });

  it('is named by class and method in errors', async () => {
    const service = application.get(CategoryService);
    await expect(service.add('a')).rejects.toMatchObject({
      code: 'TRANSACTION_REQUIRED',
      operation: 'CategoryService.add',
    });
    const swallowing = service.transactions.run(async () => {
      await service.add('bad').catch(() => undefined);
    });
    await expect(swallowing).rejects.toBeInstanceOf(UnexpectedRollbackError);
    await expect(swallowing).rejects.toMatchObject({ scope: 'CategoryService.add' });
  });

  it('keeps its options', async () => {
    await expect(application.get(CategoryService).count()).rejects.toMatchObject({ code: 'READ_ONLY' });
  });

  it('works in a subclass, which may call the method it overrides', async () => {
    expect(await application.get(SpecialService).addAll(['a'])).toBe(1);
    expect(await stored()).toEqual(['special-a']);
  });

  it('works in a provider of a request', async () => {
    const service = await application.resolve(RequestService, ContextIdFactory.create());
    await expect(service.addTwo()).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' });
    expect(await stored()).toEqual([]);
  });

  it('works in an instance that a factory has made', async () => {
    expect(await application.get(PlainService).isInside()).toBe(true);
  });

  it.each(['of a request', 'transient'])(
    'works in an instance that a factory makes each time anew: %s',
    async (token) => {
      const [one, other] = [
        await application.resolve<PlainService>(token, ContextIdFactory.create()),
        await application.resolve<PlainService>(token, ContextIdFactory.create()),
      ];
      expect(one).not.toBe(other);
      expect([await one.isInside(), await other.isInside()]).toEqual([true, true]);
    },
  );

  it('works in a copy that a factory has made for one user', async () => {
    expect(await application.get(User).service.isInside()).toBe(true);
  });

  it('keeps what another decorator has set on it', () => {
    expect(PlainService.prototype.markedMethod).toHaveProperty('mark', 'kept');
  });

  it('says so where it is called without its object', async () => {
    const { isInside } = application.get(PlainService);
    const call = isInside;
    await expect(call()).rejects.toBeInstanceOf(InvalidOptionsError);
    await expect(call()).rejects.toThrow(/PlainService\.isInside.*without the object/);
  });

  it('keeps what other decorators have noted on it, its name and its number of parameters', () => {
    const { list } = CategoryController.prototype;
    expect(Reflect.getMetadata(PATH_METADATA, list)).toBe('categories');
    expect(Reflect.getMetadata('role', list)).toBe('clerk');
    expect(list.name).toBe('list');
    expect(list).toHaveLength(2);
  });

  it('leaves no trace in what the instance shows', () => {
    const service = application.get(PlainService);
    expect(Object.keys(service)).toEqual(['transactions']);
    expect(inspect(service)).not.toContain('nestjs-database:');
  });

  it('is refused, with a reason, on an object that Nest has not created', async () => {
    const service = new PlainService(application.get(TransactionManager));
    await expect(service.isInside()).rejects.toBeInstanceOf(InvalidOptionsError);
    await expect(service.isInside()).rejects.toThrow('PlainService.isInside');
  });
});

describe('@Transactional where it cannot work', () => {
  const define = (decorate: MethodDecorator, target: object, key: string) => () => {
    decorate(target, key, Object.getOwnPropertyDescriptor(target, key) as TypedPropertyDescriptor<never>);
  };
  class Wrong {
    static async create(): Promise<void> {
      await Promise.resolve();
    }

    async *rows() {
      yield await Promise.resolve(1);
    }

    async save(): Promise<void> {
      await Promise.resolve();
    }
  }

  it.each([
    ['a static method', Wrong, 'create'],
    ['a generator', Wrong.prototype, 'rows'],
    ['a property', Wrong.prototype, 'nothing'],
  ] as const)('is refused when the class is defined, on %s', (_what, target, key) => {
    expect(define(Transactional(), target, key)).toThrow(InvalidOptionsError);
    expect(define(Transactional(), target, key)).toThrow(key);
  });

  it('is refused when the class is defined, with wrong options', () => {
    const decorate = Transactional({ timeoutMs: 0, propagation: 'ALWAYS' as never });
    expect(define(decorate, Wrong.prototype, 'save')).toThrow(
      /timeoutMs[\s\S]*propagation|propagation[\s\S]*timeoutMs/,
    );
  });

  it('is warned of at the start: a method that returns no promise', async () => {
    class Sync {
      constructor(@Inject(TransactionManager) readonly transactions: TransactionManager) {}

      @Transactional()
      now(): Date {
        return new Date(0);
      }
    }
    const lines: string[] = [];
    const silent = () => undefined;
    const logger = { log: silent, error: silent, warn: (line: string) => lines.push(line) };
    const useFactory = (manager: TransactionManager) => new Sync(manager);
    const metadata = {
      imports: [databaseModule(database)],
      providers: [{ provide: Sync, inject: [TransactionManager], useFactory }],
    };
    const started = await NestFactory.createApplicationContext(
      { module: class WarnedModule {}, ...metadata },
      { logger, abortOnError: false },
    );
    await started.close();
    Logger.overrideLogger(false);
    expect(lines.filter((line) => line.includes('Sync.now'))).toHaveLength(1);
  });
});
