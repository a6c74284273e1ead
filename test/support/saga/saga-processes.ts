import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DatabaseModuleOptions, PostgresSagaOptions } from '../../../libs/database/src/index.js';
import type { PrivatePostgres } from '../faults/private-postgres.js';
import { ProcessGroup } from '../process-group.js';
import type { TestDatabase } from '../test-database.js';

const PROGRAM = fileURLToPath(new URL('./saga-program.mjs', import.meta.url));

/** What an instance is. */
export interface SagaProcessSettings {
  /** Other than that of the database, such as that of a proxy in front of it. */
  readonly url?: string;
  readonly engine?: PostgresSagaOptions;
  readonly module?: Partial<DatabaseModuleOptions>;
  /** Those it knows; the usual ones, if not given. */
  readonly sagas?: readonly string[];
  /** The other system does not answer it. */
  readonly silent?: boolean;
  /** Whatever it takes over stands still then. */
  readonly standAtTakeOver?: boolean;
  /** It notes no other points than those at which something is recorded. */
  readonly brief?: boolean;
}

/** A saga that is to be run, and where it is to stand still. */
export interface SagaCase {
  readonly saga: string;
  readonly key: string;
  readonly input?: object;
  readonly at?: string;
}

/** All that is known of a saga from outside: what it has done to the database, and to the other system. */
export interface SagaTrace {
  /** Undefined: nothing is recorded of it. */
  readonly state: string | undefined;
  /** What it has written, in the order of the alphabet; twice what was written twice. */
  readonly effects: readonly string[];
  /** How often the other system was told each key; by step and direction. */
  readonly told: Readonly<Record<string, number>>;
  /** What was taken back, in the order of the beginnings; a repetition that follows at once is left out. */
  readonly undone: readonly string[];
}

/** Instances of an application with sagas in processes of their own. */
export class SagaProcesses extends ProcessGroup {
  private constructor(readonly database: Pick<TestDatabase, 'url' | 'query'>) {
    super(PROGRAM, { url: database.url });
  }

  /** With the table that the steps write to, which lets everything be written twice. */
  static async open(database: Pick<TestDatabase, 'url' | 'query'>): Promise<SagaProcesses> {
    await database.query(
      'CREATE TABLE effect (id bigserial PRIMARY KEY, key text NOT NULL, what text NOT NULL)',
    );
    return new SagaProcesses(database);
  }

  /** On a server of its own, whose user may make the tables that an instance needs. */
  static async openPrivate(postgres: PrivatePostgres): Promise<SagaProcesses> {
    const processes = await SagaProcesses.open(postgres);
    await postgres.query(`
      GRANT ALL ON effect TO shop;
      GRANT ALL ON SEQUENCE effect_id_seq TO shop;
      DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO shop', current_database()); END $$;`);
    return processes;
  }

  /** Starts an instance, and waits until it is open. */
  async open(name: string, settings: SagaProcessSettings = {}): Promise<ChildProcess> {
    const child = this.start(name, settings);
    await this.said('open', name);
    return child;
  }

  /** Has an instance run sagas, the next one as soon as the one before has ended, or stands still. */
  run(child: ChildProcess, cases: readonly SagaCase[]): void {
    this.command(child, { run: cases });
  }

  /** Has an instance run sagas at the same time, and ask for each until its end is known. */
  insist(child: ChildProcess, cases: readonly SagaCase[]): void {
    this.command(child, { insist: cases });
  }

  /** Has an instance leave sagas to whoever looks for them, and waits until it has. */
  async enqueue(child: ChildProcess, name: string, cases: readonly SagaCase[]): Promise<void> {
    this.command(child, { enqueue: cases });
    await this.said('enqueued', name);
  }

  /** Has an instance kill itself at a point that one of its sagas comes to. */
  dieAfter(child: ChildProcess, points: number): void {
    this.command(child, { dieAfter: points });
  }

  /** Has an instance kill itself as soon as so many of its sagas stand still. */
  dieAt(child: ChildProcess, standing: number): void {
    this.command(child, { die: standing });
  }

  /** Lets these go on that stand still; all of them, if not given. */
  goOn(child: ChildProcess, keys?: readonly string[]): void {
    this.command(child, { goOn: keys ?? null });
  }

  /** Waits until all of them stand still where they are to. */
  async stand(cases: readonly SagaCase[]): Promise<void> {
    const missing = () => {
      const standing = new Set(this.linesOf('stands').map(([, key]) => key));
      return cases.filter(({ key }) => !standing.has(key)).map(({ key }) => key);
    };
    await this.holds('Not all stand still', () => missing().length === 0).catch((error: Error) => {
      throw new Error(`${missing().join(', ')}: ${error.message}`);
    });
  }

  /** Waits until none of the sagas is under way. */
  async settled(timeoutMs = 60_000): Promise<void> {
    const open = async () => {
      const rows = await this.database.query<{ key: string }>(
        `SELECT key FROM nestjs_database.saga WHERE state IN ('running', 'compensating')`,
      );
      return rows.map(({ key }) => key);
    };
    await this.holds('Some sagas do not end', async () => (await open()).length === 0, timeoutMs).catch(
      async (error: Error) => {
        throw new Error(`${(await open()).join(', ')}: ${error.message}`);
      },
    );
  }

  /** Waits until a saga has ended for whoever has run it. @returns how */
  async end(key: string): Promise<string> {
    const ends = () => this.linesOf('ended').filter(([, ended]) => ended === key);
    await this.holds(`${key} has not ended`, () => ends().length > 0);
    return ends()[0]![2]!;
  }

  /** The points that a saga came to, in order; those of one instance, if given. */
  points(key: string, name?: string): string[] {
    return this.linesOf('point')
      .filter(([, of, , by]) => of === key && (name === undefined || by === name))
      .map(([, , point]) => point!);
  }

  /** What is known of these. */
  async traces(keys: readonly string[]): Promise<Map<string, SagaTrace>> {
    const states = await this.database.query<{ key: string; state: string }>(
      'SELECT key, state FROM nestjs_database.saga',
    );
    const effects = await this.database.query<{ key: string; what: string }>(
      'SELECT key, what FROM effect ORDER BY what',
    );
    const told = this.linesOf('told').map(([, id = '']) => id.split(':'));
    const undone = this.linesOf('point').flatMap(([, key, point = '']) => {
      // Of a call that stands still once it is recorded as begun, the next point is not noted.
      const [, step] = /^undo-(.*)-(?:started|running)$/.exec(point) ?? [];
      return step === undefined ? [] : [{ key, step }];
    });
    const entries = keys.map((key): [string, SagaTrace] => [
      key,
      {
        state: states.find((row) => row.key === key)?.state,
        effects: effects.filter((row) => row.key === key).map(({ what }) => what),
        told: countOf(told.filter(([, of]) => of === key).map(([, , step, way]) => `${way} ${step}`)),
        undone: undone
          .filter((each) => each.key === key)
          .map(({ step }) => step)
          .filter((step, index, all) => step !== all[index - 1]),
      },
    ]);
    return new Map(entries);
  }

  linesOf(event: string): string[][] {
    return this.words().filter(([happened]) => happened === event);
  }

  private command(child: ChildProcess, command: object): void {
    child.stdin?.write(`${JSON.stringify(command)}\n`);
  }
}

function countOf(list: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of list) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}
