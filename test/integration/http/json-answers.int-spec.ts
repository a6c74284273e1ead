import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, StreamableFile, UseInterceptors } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DatabaseJsonInterceptor } from '../../../libs/database/src/index.js';
import { Prisma } from '../../../apps/shop/src/generated/prisma/client.js';

const ORDER = {
  id: 2n ** 63n - 1n,
  weightKg: new Prisma.Decimal('0.125'),
  placedAt: new Date('2026-11-21T18:00:00Z'),
  signature: new Uint8Array([1, 2, 3]),
};

@Controller()
@UseInterceptors(DatabaseJsonInterceptor)
class Answers {
  @Get('order')
  order(): unknown {
    return ORDER;
  }

  @Get('nothing')
  nothing(): void {}

  @Get('text')
  text(): string {
    return 'as it is';
  }

  @Get('file')
  file(): StreamableFile {
    return new StreamableFile(Readable.from([Buffer.from('content')]));
  }

  @Get('cycle')
  cycle(): unknown {
    const order: Record<string, unknown> = { ...ORDER };
    order.self = order;
    return order;
  }
}

@Controller('naive')
class NaiveAnswers {
  @Get('order')
  order(): unknown {
    return ORDER;
  }
}

@Module({ controllers: [Answers, NaiveAnswers] })
class AnswersModule {}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('DatabaseJsonInterceptor on %s', (_name, createAdapter) => {
  let application: INestApplication;
  let url: string;
  const get = (path: string) => fetch(`${url}/${path}`);

  beforeAll(async () => {
    application = await NestFactory.create(AnswersModule, createAdapter(), {
      logger: false,
      abortOnError: false,
    });
    await application.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(application.getHttpServer().address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await application.close();
  });

  it('answers a record with bigint, Decimal, Date and bytes', async () => {
    const response = await get('order');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({
      id: '9223372036854775807',
      weightKg: '0.125',
      placedAt: '2026-11-21T18:00:00.000Z',
      signature: 'AQID',
    });
  });

  it('answers 500 without it, as JSON.stringify refuses a bigint', async () => {
    expect((await get('naive/order')).status).toBe(500);
  });

  it('leaves texts, empty answers and files as they are', async () => {
    expect(await (await get('text')).text()).toBe('as it is');
    const nothing = await get('nothing');
    expect([nothing.status, await nothing.text()]).toEqual([200, '']);
    expect(await (await get('file')).text()).toBe('content');
  });

  it('answers 500 for a cycle instead of hanging or ending the process', async () => {
    expect((await get('cycle')).status).toBe(500);
    expect((await get('text')).status).toBe(200);
  });
});
