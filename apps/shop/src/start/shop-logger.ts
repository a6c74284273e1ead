import { ConsoleLogger } from '@nestjs/common';

/** Nest's own reports of its start, which would bury what the shop has to say. */
const NEST_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);
/** They repeat, with a stack, the failure of a start or of listening, which `main` reports in a sentence. */
const START_FAILURES = new Set(['ExceptionHandler', 'NestApplication']);

/** Writes what the shop and the library log, and of Nest the warnings and errors only. */
export class ShopLogger extends ConsoleLogger {
  constructor() {
    // `isTTY` is undefined for a pipe, which Nest would take for "decide yourself".
    const colors = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
    super({ colors, logLevels: ['log', 'warn', 'error', 'fatal'] });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && NEST_CONTEXTS.has(context)) return;
    super.log(message, ...(rest as [string]));
  }

  override error(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && START_FAILURES.has(context)) return;
    super.error(message, ...(rest as [string]));
  }
}
