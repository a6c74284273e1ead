import { DatabaseError } from '../../errors/database.error.js';
import { ValidationError } from '../../errors/validation.error.js';
import { translateError } from '../../fault/translate-error.js';
import type { Arguments } from '../defined-filters.js';
import type { RepositoryContext } from '../repository-context.js';
import { globalOmit, keyedShape, keyFinder, separate, whereOfKeys, withoutFields } from '../record-keys.js';
import type { BatchKey } from './batch-key.js';
import type { KeyOutcome } from './batcher.js';
import { copyRecord } from './copy-record.js';

/** What all keys of one batch are asked for. */
export interface KeyQuestion {
  /** `one`: the record of a unique key, or null. `list`: all records that have the key. */
  readonly wanted: 'one' | 'list';
  readonly method: string;
  /** `select`, `include`, `omit`; for a list also `where` and `orderBy`. */
  readonly shape: Arguments;
  /** Asks for one key alone. */
  readonly alone: (key: BatchKey) => Promise<unknown>;
}

type Answers = ReadonlyMap<string, unknown>;

/** Asks for many keys with one statement, and gives each caller an answer of its own. */
export class KeyQuery {
  constructor(
    private readonly context: RepositoryContext,
    private readonly question: KeyQuestion,
    private readonly canSplit: boolean,
  ) {}

  async answer(keys: readonly BatchKey[]): Promise<readonly KeyOutcome<unknown>[]> {
    const distinct = new Map(keys.map((key) => [key.text, key]));
    const outcomes = await this.ask([...distinct.values()]);
    const taken = new Set<string>();
    return keys.map(({ text }) => {
      const outcome = outcomes.get(text) ?? { value: this.nothing() };
      if (!taken.has(text)) {
        taken.add(text);
        return outcome;
      }
      return 'value' in outcome ? { value: copyRecord(outcome.value) } : { error: anew(outcome.error) };
    });
  }

  private async ask(keys: readonly BatchKey[]): Promise<Map<string, KeyOutcome<unknown>>> {
    const [first] = keys;
    if (first === undefined) return new Map();
    if (keys.length === 1) return new Map([[first.text, await this.askAlone(first)]]);
    try {
      return await this.askTogether(keys);
    } catch (error) {
      if (this.canSplit && isAboutValues(error)) {
        // A value that the server does not take fails the statement; halving finds it in few steps.
        const middle = Math.ceil(keys.length / 2);
        const left = await this.ask(keys.slice(0, middle));
        return new Map([...left, ...(await this.ask(keys.slice(middle)))]);
      }
      return new Map(keys.map(({ text }, index) => [text, { error: index === 0 ? error : anew(error) }]));
    }
  }

  private async askTogether(keys: readonly BatchKey[]): Promise<Map<string, KeyOutcome<unknown>>> {
    const { together, apart } = separate(keys, keys[0]?.fields ?? [], this.context.fields);
    const answers = await this.findAll(together);
    const outcomes = new Map<string, KeyOutcome<unknown>>();
    const missed = answers.complete
      ? []
      : together.filter(({ text }) => this.question.wanted === 'list' || !answers.byText.has(text));
    for (const key of together)
      outcomes.set(key.text, { value: answers.byText.get(key.text) ?? this.nothing() });
    for (const key of [...apart, ...missed]) outcomes.set(key.text, await this.askAlone(key));
    return outcomes;
  }

  /** `complete` says whether every record that came back has exactly one of the keys. */
  private async findAll(keys: readonly BatchKey[]): Promise<{ byText: Answers; complete: boolean }> {
    const { context, question } = this;
    const [first] = keys;
    if (first === undefined) return { byText: new Map(), complete: true };
    const { fields } = first;
    const { args, added } = keyedShape(question.shape, fields, globalOmit(context));
    const { where: filter, ...shape } = args;
    const condition = whereOfKeys(
      fields,
      keys.map(({ record }) => record),
    );
    const where = context.scopedWhere(filter === undefined ? condition : { AND: [condition, filter] });
    const records = (await context.call('findMany', { ...shape, where }, question.method)) as Arguments[];
    return this.sort(records, keys, added);
  }

  private sort(
    records: readonly Arguments[],
    keys: readonly BatchKey[],
    added: readonly string[],
  ): { byText: Answers; complete: boolean } {
    const { context, question } = this;
    const byText = new Map<string, unknown>();
    const fields = keys[0]?.fields ?? [];
    const textOf = keyFinder(keys, fields, context.fields);
    let complete = true;
    for (const record of records) {
      const text = textOf(record);
      if (text === undefined) {
        complete = false;
        continue;
      }
      const found = withoutFields(record, added);
      const before = byText.get(text);
      if (question.wanted === 'list') {
        if (before === undefined) byText.set(text, [found]);
        else (before as Arguments[]).push(found);
      } else if (before === undefined) byText.set(text, found);
      else
        throw new ValidationError(
          fields.join(', '),
          'is no unique key: several records have the same value.',
        );
    }
    return { byText, complete };
  }

  private async askAlone(key: BatchKey): Promise<KeyOutcome<unknown>> {
    try {
      return { value: await this.question.alone(key) };
    } catch (error) {
      return { error };
    }
  }

  private nothing(): unknown {
    return this.question.wanted === 'list' ? [] : null;
  }
}

/** Whether a smaller statement may go well; a lost connection or a full pool fails them all. */
function isAboutValues(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === 'QUERY' || error.code === 'VALIDATION');
}

/** An error of its own for each caller: what retries write on one must not show on another. */
function anew(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const cause = error.driverError();
  if (cause === undefined) return error;
  const operation = 'operation' in error && typeof error.operation === 'string' ? error.operation : 'load';
  return translateError(cause, {
    operation,
    access: 'read',
    ...(error.target === undefined ? {} : { target: error.target }),
  });
}
