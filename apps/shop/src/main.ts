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
// A terminal that was closed takes no more text; that must not get in the way of stopping the servers.
process.stdout.on('error', () => undefined);

/** The exit code of a process that a signal has ended, as shells report it. */
const interruptedCode = () => 128 + (stop.signal === undefined ? 0 : constants.signals[stop.signal]);

try {
  const end = await runShop(readShopOptions(process.env), stop);
  process.exitCode = end === 'closed' ? 0 : interruptedCode();
} catch (error) {
  process.stderr.write(`${explainStartFailure(error, wantsDebug(process.env))}\n`);
  process.exitCode = stop.signal === undefined ? 1 : interruptedCode();
}
// Nothing is left to wait for but what an interrupted start may still be trying.
process.exit();
