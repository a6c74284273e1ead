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
  /** Those that are sent by themselves; whether the session has one of them is the driver's to know. */
  private readonly alone = new Map<string, Known>();

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

  /** How a statement is to be called that is sent by itself; undefined where it has to go without a name. */
  nameOf(text: string): { readonly name: string; readonly planAnew: boolean } | undefined {
    if (!this.keepsSession()) return undefined;
    const known = this.alone.get(text) ?? { name: nameOf(text), uses: 0 };
    if (known.uses === 0 && this.alone.size >= MOST) return undefined;
    this.alone.set(text, known);
    // Also the first time: after a statement that was forgotten nobody knows which others are still there.
    const planAnew = known.uses === 0 || known.uses === USES;
    known.uses = planAnew ? 1 : known.uses + 1;
    return { name: known.name, planAnew };
  }

  /** From now on the session is believed to know none. */
  forget(): void {
    this.known.clear();
    this.alone.clear();
  }

  /** @returns whether that is what has failed: the session knew less than was believed, or more */
  forgetAfter(error: unknown): boolean {
    this.known.clear();
    if (!this.keepsSession() || !isUnknownName(error)) return false;
    this.alone.clear();
    return true;
  }
}

/** Whether the session knew less of its statements than was believed, or more; nothing was carried out then. */
export function isUnknownName(error: unknown): boolean {
  return UNKNOWN.has(readText(error, 'code') ?? '');
}

function nameOf(text: string): string {
  return `nestjs_database_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
}
