import type { TransactionManager } from '../../transaction/transaction-manager.js';
import type { ConformanceEffects } from './conformance-harness.js';
import { ConformanceFailure } from './conformance-failure.js';

/** Effects in memory, which are there once the transaction is committed that they were written in. */
export class MemoryEffects implements ConformanceEffects {
  constructor(
    private readonly transactions: TransactionManager,
    /** Shared by all instances of a case. */
    private readonly written: string[],
  ) {}

  async write(effect: string): Promise<void> {
    const { transactions, written } = this;
    if (transactions.isActive()) transactions.afterCommit(() => void written.push(effect));
    else written.push(effect);
  }

  async read(): Promise<readonly string[]> {
    return [...this.written];
  }

  async fail(): Promise<never> {
    this.transactions.setRollbackOnly();
    throw new ConformanceFailure('A statement was refused, as the case has asked for.');
  }
}
