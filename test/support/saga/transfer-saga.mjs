// The saga of the chaos test: money goes from one account to another one, over systems that have to be told.
import { Inject } from '@nestjs/common';
import { Database, PermanentError, Saga, saga } from '../../../libs/database/dist/index.js';

const QUICK = { initialDelayMs: 5, maxDelayMs: 100, undoPolicy: { initialDelayMs: 5, maxDelayMs: 100 } };

/** @param tell - hands a key to the other system */
export function transferSaga(tell) {
  class Transfer {
    constructor(db) {
      /** A second time shows in the table, and in the balance. */
      const moves = async (key, what, account, cents) => {
        await db.query('UPDATE account SET balance = balance + $2 WHERE id = $1', [account, cents]);
        await db.query('INSERT INTO effect (key, what) VALUES ($1, $2)', [key, what]);
      };
      const notes = async (key, what) => {
        await db.query('INSERT INTO effect (key, what) VALUES ($1, $2)', [key, what]);
      };
      const tells = { ...QUICK, run: ({ idempotencyKey }) => tell(idempotencyKey) };
      const tellsBack = { undo: ({ idempotencyKey }) => tell(idempotencyKey) };
      this.steps = saga()
        .tx('debit', {
          ...QUICK,
          run: ({ key, input }) => moves(key, 'do debit', input.from, -input.cents),
          undo: ({ key, input }) => moves(key, 'undo debit', input.from, input.cents),
        })
        .call('fee', { ...tells, ...tellsBack })
        .parallel((group) =>
          group
            .tx('points', {
              ...QUICK,
              run: ({ key }) => notes(key, 'do points'),
              undo: ({ key }) => notes(key, 'undo points'),
            })
            .call('partner', { ...tells, ...tellsBack }),
        )
        .tx('credit', {
          ...QUICK,
          pivot: true,
          run: async ({ key, input }) => {
            await moves(key, 'do credit', input.to, input.cents);
            if (input.refused) throw new PermanentError('refused');
          },
        })
        .call('receipt', tells)
        .result(() => 'moved');
    }
  }
  Saga('transfer', { version: 1, maxRecoveries: 1_000 })(Transfer);
  Inject(Database)(Transfer, undefined, 0);
  return Transfer;
}
