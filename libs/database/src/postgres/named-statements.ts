import { createHash } from 'node:crypto';
import { readText } from '../common/safe-read.js';
import { closeNamed, executeNamed, parseNamed, type LeadingStatement } from './leading-statement.js';

/** So often a statement is carried out before it is planned anew: a plan that was made for a small table is not kept for good. */
const USES = 500;
/** There is no statement of the name, or there is one already. */
const UNKNOWN = new Set(['26000', '42P05']);
/** More than the library has of them; nothing keeps a session from being used for long. */
const MOST = 64;

interface Known {
  readonly name: string;
  uses: number;
}

/**
 * The statements that one session knows by a name: the server reads and plans them once, and not each time.
 *
 * A session that another one may stand in for, as behind PgBouncer, has none.
 */
export class NamedStatements {
  private readonly known = new Map<string, Known>();

  constructor(private readonly keepsSession: () => boolean) {}

  /** The statement as it is to be sent next. What fails, or may not have been sent, has to be followed by {@link forgetAfter}. */
  next(statement: LeadingStatement): LeadingStatement {
    const { text, values = [] } = statement;
    if (!this.keepsSession()) return statement;
    const known = this.known.get(text);
    if (known !== undefined && known.uses < USES) {
      known.uses += 1;
      return { ...statement, bytes: executeNamed(known.name, values) };
    }
    if (known === undefined && this.known.size >= MOST) return statement;
    const name = known?.name ?? nameOf(text);
    this.known.set(text, { name, uses: 1 });
    // Closed first: nobody knows whether one that has failed is there, and what is not there can be closed all the same.
    const bytes = [closeNamed(name), parseNamed(name, text), executeNamed(name, values)];
    return { ...statement, bytes: Buffer.concat(bytes) };
  }

  /** From now on the session is believed to know none. */
  forget(): void {
    this.known.clear();
  }

  /** @returns whether that is what has failed: the session knew less than was believed, or more */
  forgetAfter(error: unknown): boolean {
    const { size } = this.known;
    this.forget();
    return size > 0 && UNKNOWN.has(readText(error, 'code') ?? '');
  }
}

function nameOf(text: string): string {
  return `nestjs_database_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
}
