import { fileURLToPath } from 'node:url';
import { Module, ValidationPipe, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import {
  DatabaseExceptionFilter,
  DatabaseJsonInterceptor,
  DatabaseModule,
  postgresSagaEngine,
  redisStreamSink,
  RequestContextModule,
} from 'nestjs-database';
import { BackOfficeModule } from './back-office/back-office.module.js';
import { CardOrderModule } from './card-orders/card-order.module.js';
import { ORDER_FEED } from './card-orders/order-events.js';
import { CustomerModule } from './customers/customer.module.js';
import { ExportModule } from './exports/export.module.js';
import { PrismaClient } from './generated/prisma/client.js';
import { HealthModule } from './health/health.module.js';
import { badFields, toFieldProblems } from './http/field-problems.js';
import { ShopExceptionFilter } from './http/shop-exception.filter.js';
import { StockModule } from './inventory/stock.module.js';
import { OrderModule } from './orders/order.module.js';
import { PartnerModule } from './partners/partner.module.js';
import { DEFAULT_PARTNER_OPTIONS, type PartnerOptions } from './partners/partner.options.js';
import { ProductModule } from './products/product.module.js';
import { RegisterModule } from './registers/register.module.js';
import { ReportModule } from './reports/report.module.js';
import { ReturnModule } from './returns/return.module.js';
import { SaleModule } from './sales/sale.module.js';
import { SeedModule } from './seed/seed.module.js';

// The same distance from `src` and from `dist`, whatever the working directory is.
const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** The stores that the shop works on, wherever they come from. */
export interface ShopStores {
  /** Undefined lets the library read `DATABASE_URL`, so that its errors name the variable. */
  readonly databaseUrl: string | undefined;
  /** Undefined runs the shop without Redis. */
  readonly redisUrl?: string | undefined;
  /** How long work may wait for a connection, and a transaction then take, in milliseconds. Default: 10 000. */
  readonly patienceMs?: number | undefined;
  /** How long an instance that gives no sign of life keeps its sagas and its part of the outbox, in milliseconds. Default: 30 000. */
  readonly leaseMs?: number | undefined;
  /** The payment gateway and the message service. Default: the shop's own fake ones. */
  readonly partners?: Partial<PartnerOptions> | undefined;
}

/** The Redis stream in which other applications read what becomes of orders, and how far back. */
const FEED = { stream: 'shop:orders', maxLength: 100_000 };

@Module({})
export class AppModule {
  static register(stores: ShopStores): DynamicModule {
    const { databaseUrl, redisUrl, patienceMs, leaseMs = 30_000, partners } = stores;
    return {
      module: AppModule,
      imports: [
        RequestContextModule,
        DatabaseModule.forRoot({
          client: PrismaClient,
          ...(databaseUrl !== undefined && { url: databaseUrl }),
          redis: redisUrl === undefined ? false : { url: redisUrl },
          migrations: { autoDeploy: true, directory: MIGRATIONS },
          applicationName: 'shop',
          // Said on purpose: a start in production without DATABASE_CURSOR_SECRET fails here, and not at the first page.
          pagination: { maxPageSize: 100 },
          // A rush of customers is better served late than refused.
          ...(patienceMs !== undefined && { pool: { acquireTimeoutMs: patienceMs } }),
          saga: { engine: postgresSagaEngine({ leaseMs }) },
          // Without Redis nobody reads the feed; a topic has a sink all the same, as messages wait for one otherwise.
          outbox: {
            leaseMs,
            sinks: { [ORDER_FEED]: redisUrl === undefined ? () => undefined : redisStreamSink(FEED) },
          },
          transaction: { maxWaitMs: patienceMs ?? 10_000, timeoutMs: patienceMs ?? 10_000 },
        }),
        ProductModule,
        StockModule,
        CustomerModule,
        OrderModule,
        PartnerModule.register({ ...DEFAULT_PARTNER_OPTIONS, ...partners }),
        CardOrderModule,
        RegisterModule,
        SaleModule,
        ReturnModule,
        ReportModule,
        ExportModule,
        BackOfficeModule,
        HealthModule,
        SeedModule,
      ],
      providers: [
        { provide: APP_FILTER, useClass: ShopExceptionFilter },
        // Asked before the one above: Nest begins with the last.
        { provide: APP_FILTER, useClass: DatabaseExceptionFilter },
        // Lets the views hold what the database gave: bigint and dates become text here, in one way for all.
        { provide: APP_INTERCEPTOR, useClass: DatabaseJsonInterceptor },
        {
          provide: APP_PIPE,
          useFactory: () =>
            new ValidationPipe({
              whitelist: true,
              forbidNonWhitelisted: true,
              transform: true,
              exceptionFactory: (errors) => badFields(toFieldProblems(errors)),
            }),
        },
      ],
    };
  }
}
