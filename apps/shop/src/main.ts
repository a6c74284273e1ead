import 'reflect-metadata';
import { constants } from 'node:os';
import { Logger } from '@nestjs/common';
import { readShopOptions, wantsDebug } from './app.options.js';
import { runShop } from './start/run-shop.js';
import { ShopLogger } from './start/shop-logger.js';
import { explainStartFailure } from './start/start-failure.js';
import { StopSignal } from './start/stop-signal.js';

const stop = new StopSignal();
Logger.overrideLogger(new ShopLogger());

try {
  await runShop(readShopOptions(process.env), stop);
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(`${explainStartFailure(error, wantsDebug(process.env))}\n`);
  process.exitCode = stop.signal === undefined ? 1 : 128 + constants.signals[stop.signal];
}
process.exit();
