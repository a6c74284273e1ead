import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import {
  DatabaseModule,
  getPrismaToken,
  RepositoryFor,
  ValidationError,
} from '../../../libs/database/src/index.js';
import { startApplication } from '../../support/database-application.js';
import { createRecordsDatabase, recordsModule } from '../../support/records-connection.js';
import type { PrismaClient } from '../../support/records/generated/prisma/client.js';
import type { TestDatabase } from '../../support/test-database.js';
import type { CreateData, TraitsOf, UpdateData } from '../../../libs/database/src/index.js';

type AccountTraits = TraitsOf<true, true, true>;

@Injectable()
export class AccountRepository extends RepositoryFor('account', {
  connection: 'records',
  softDelete: true,
  version: true,
  timestamps: true,
}) {
  /** What the validation was shown. */
  readonly checked: unknown[] = [];

  protected override async validateCreateData(
    data: CreateData<PrismaClient, 'account', AccountTraits>,
  ): Promise<void> {
    this.checked.push(data);
    if (data.email === 'nobody') throw new ValidationError('email', 'is no address.');
  }

  protected override validateUpdateData(data: UpdateData<PrismaClient, 'account', AccountTraits>): void {
    this.checked.push(data);
    const problems = [];
    if (data.email === 'nobody') problems.push({ path: 'email', problem: 'is no address.' });
    if (data.name === '') problems.push({ path: 'name', problem: 'is empty.' });
    const error = ValidationError.of(problems);
    if (error) throw error;
  }
}

@Injectable()
export class NoteRepository extends RepositoryFor('note', {
  connection: 'records',
  softDelete: { field: 'removedAt' },
  version: { field: 'revision' },
}) {}

@Injectable()
export class SeatRepository extends RepositoryFor('seat', { connection: 'records', version: true }) {}

@Injectable()
export class PlainSeatRepository extends RepositoryFor('seat', { connection: 'records' }) {}

@Injectable()
export class SettingRepository extends RepositoryFor('setting', { connection: 'records' }) {}

@Injectable()
export class DigestRepository extends RepositoryFor('digest', { connection: 'records' }) {}

@Injectable()
export class LabelRepository extends RepositoryFor('label', { connection: 'records' }) {}

@Injectable()
export class SampleRepository extends RepositoryFor('sample', { connection: 'records' }) {}

export interface Records {
  readonly database: TestDatabase;
  readonly application: INestApplicationContext;
  readonly prisma: PrismaClient;
  readonly accounts: AccountRepository;
  readonly notes: NoteRepository;
  readonly seats: SeatRepository;
  readonly plainSeats: PlainSeatRepository;
  readonly settings: SettingRepository;
  readonly digests: DigestRepository;
  readonly labels: LabelRepository;
  readonly samples: SampleRepository;
  /** Empties the tables. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openRecords(): Promise<Records> {
  const database = await createRecordsDatabase();
  const application = await startApplication({
    imports: [
      recordsModule(database),
      DatabaseModule.forFeature(
        [
          AccountRepository,
          NoteRepository,
          SeatRepository,
          PlainSeatRepository,
          SettingRepository,
          DigestRepository,
          LabelRepository,
          SampleRepository,
        ],
        'records',
      ),
    ],
  });
  return {
    database,
    application,
    prisma: application.get(getPrismaToken('records')),
    accounts: application.get(AccountRepository),
    notes: application.get(NoteRepository),
    seats: application.get(SeatRepository),
    plainSeats: application.get(PlainSeatRepository),
    settings: application.get(SettingRepository),
    digests: application.get(DigestRepository),
    labels: application.get(LabelRepository),
    samples: application.get(SampleRepository),
    async clear() {
      await database.query(
        'TRUNCATE account, note, seat, setting, digest, label, sample RESTART IDENTITY CASCADE',
      );
    },
    async close() {
      await application.close();
      await database.drop();
    },
  };
}

/** Opens the records for the tests of a file, hands them to `take`, and empties the tables before each test. */
export function useRecords(take: (records: Records) => void): void {
  let records: Records | undefined;
  beforeAll(async () => {
    records = await openRecords();
    take(records);
  });
  beforeEach(async () => {
    await records?.clear();
  });
  afterAll(async () => {
    await records?.close();
  });
}

let count = 0;

/** An account that nobody else has. */
export function account(name = 'Ann') {
  return { email: `${name.toLowerCase()}-${++count}@example.com`, name };
}
