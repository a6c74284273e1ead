import type { DatabaseError } from '../../../libs/database/src/index.js';
import { category, type FaultBench } from './fault-bench.js';

/** What several writers have experienced; each name was written once. */
export class WriteLoad {
  readonly intents: string[] = [];
  readonly acknowledged: string[] = [];
  readonly failures: { readonly error: DatabaseError; readonly tookMs: number }[] = [];
  private stopping = false;
  private writers: Promise<void>[] = [];

  constructor(
    private readonly bench: FaultBench,
    private readonly prefix: string,
  ) {}

  start(writers: number): this {
    this.writers = Array.from({ length: writers }, (_, writer) => this.write(`${this.prefix} ${writer}`));
    return this;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.writers);
  }

  /** Half of the writes are transactions of two statements, the other half autocommit. */
  private async write(writer: string): Promise<void> {
    const { bench } = this;
    for (let index = 0; !this.stopping; index++) {
      const name = `${writer} ${index}`;
      this.intents.push(name);
      const started = performance.now();
      try {
        if (index % 2 === 0) await bench.categories.create(category(name));
        else
          await bench.transactions.run(async () => {
            await bench.categories.count();
            await bench.categories.create(category(name));
          });
        this.acknowledged.push(name);
      } catch (error) {
        const tookMs = performance.now() - started;
        this.failures.push({ error: bench.note(error), tookMs });
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}
