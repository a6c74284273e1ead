import { PermanentError } from '../../errors/permanent.error.js';

/** One request, as it came in. */
export interface SystemCall {
  readonly idempotencyKey: string;
  readonly what: 'apply' | 'take back';
}

/**
 * Another system, as a saga calls it: it knows a repetition by its key, does nothing a second time, and can take back what it
 * has not heard of yet, which it refuses when it comes later.
 */
export class FakeSystem {
  readonly calls: SystemCall[] = [];
  private readonly standing = new Map<string, 'applied' | 'taken back'>();

  apply(idempotencyKey: string): void {
    this.calls.push({ idempotencyKey, what: 'apply' });
    if (this.standing.get(idempotencyKey) === 'taken back')
      throw new PermanentError(`${idempotencyKey} was taken back before it came.`);
    this.standing.set(idempotencyKey, 'applied');
  }

  takeBack(doKey: string, idempotencyKey: string): void {
    this.calls.push({ idempotencyKey, what: 'take back' });
    this.standing.set(doKey, 'taken back');
  }

  /** How often something is in force: once for each key, as the system sees it. */
  inForce(keys: Iterable<string>): number {
    let count = 0;
    for (const key of keys) if (this.standing.get(key) === 'applied') count += 1;
    return count;
  }
}
