import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RecordNotFoundError, TransactionManager } from 'nestjs-database';
import { AppModule } from './app.module.js';
import { SiteRepository } from './repositories.js';
import { PlannedFailure, SensorService } from './sensor.service.js';

describe("under the application's own Jest", () => {
  let app: INestApplicationContext;

  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = await module.init();
  });
  afterAll(async () => {
    await app.close();
  });

  it('a transaction is kept as a whole', async () => {
    const service = app.get(SensorService);
    await service.open('kept');
    expect(await service.traces('kept')).toBe(3);
  });

  it('a transaction that fails leaves nothing', async () => {
    const service = app.get(SensorService);
    await expect(service.open('undone', true)).rejects.toThrow(PlannedFailure);
    expect(await service.traces('undone')).toBe(0);
  });

  it('the errors are of the classes the application imports', async () => {
    const missing = app.get(SiteRepository).getById('00000000-0000-4000-8000-000000000000');
    await expect(missing).rejects.toBeInstanceOf(RecordNotFoundError);
  });

  it('a provider can be replaced by a double', async () => {
    const run = jest.fn((work: () => Promise<unknown>) => work());
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(TransactionManager)
      .useValue({ run })
      .compile();
    await module.get(SensorService).open('double');
    expect(run).toHaveBeenCalledTimes(2);
    await module.close();
  });
});
