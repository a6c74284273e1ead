import type { PrismaClientClass } from './client/database-register.js';
import type { OptionValidator } from './config/option-validator.js';
import type { ResolvedStartupOptions } from './startup.options.js';
import { DEFAULT_TRANSACTION_OPTIONS } from './transaction/transaction.options.js';
import {
  resolveTransactionDefaults,
  type ResolvedTransactionDefaults,
} from './transaction/transaction-defaults.options.js';

/** The defaults of transactions; none may wait longer for a connection than the pool does. */
export function resolveTransaction(
  value: unknown,
  acquireTimeoutMs: number,
  validator: OptionValidator,
): ResolvedTransactionDefaults {
  const maxWaitMs = Math.min(DEFAULT_TRANSACTION_OPTIONS.maxWaitMs, acquireTimeoutMs);
  const nested = validator.nested('transaction');
  const defaults = { ...DEFAULT_TRANSACTION_OPTIONS, maxWaitMs };
  const resolved = resolveTransactionDefaults(value, nested, defaults);
  if (resolved.maxWaitMs > acquireTimeoutMs) {
    nested.reject(
      'maxWaitMs',
      `is ${resolved.maxWaitMs} ms, longer than \`${validator.nameOf('pool.acquireTimeoutMs')}\` = ${acquireTimeoutMs} ms, after which the pool gives up.`,
    );
  }
  return resolved;
}

/** Records what migrations at the start cannot be combined with. */
export function rejectAutoDeploy(
  { pgbouncer, startup }: { readonly pgbouncer: boolean; readonly startup: ResolvedStartupOptions },
  validator: OptionValidator,
): void {
  if (pgbouncer) {
    validator.reject(
      'migrations.autoDeploy',
      'needs a connection straight to PostgreSQL, and the URL says `pgbouncer=true`: the lock would stay behind on a shared connection.',
    );
  }
  if (startup.mode === 'lazy') {
    validator.reject(
      'migrations.autoDeploy',
      "needs a connection at the start, which `startup.mode` = 'lazy' does not make.",
    );
  }
}

/** Records a part that needs the library's own tables, which are made at the start, in the mode that connects later. */
export function rejectLazyTables(
  part: string,
  { startup }: { readonly startup: ResolvedStartupOptions },
  validator: OptionValidator,
): void {
  if (startup.mode !== 'lazy') return;
  validator.reject(
    part,
    "needs tables that are made at the start, when `startup.mode` = 'lazy' does not connect.",
  );
}

/** The generated class; undefined where it is missing. */
export function readClient(value: unknown, validator: OptionValidator): PrismaClientClass | undefined {
  if (typeof value === 'function') return value as PrismaClientClass;
  const hint = 'Give the generated class: `client: PrismaClient`.';
  if (value === undefined) validator.reject('client', `is missing. ${hint}`);
  else validator.reject('client', `is not a class. ${hint}`);
  return undefined;
}

/** A function, or undefined where there is none. */
export function readFunction(
  value: unknown,
  path: string,
  validator: OptionValidator,
): ((client: unknown) => unknown) | undefined {
  if (value === undefined || typeof value === 'function')
    return value as ((client: unknown) => unknown) | undefined;
  validator.reject(path, 'is not a function.');
  return undefined;
}
