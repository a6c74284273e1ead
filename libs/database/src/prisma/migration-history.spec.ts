import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compareHistory, type MigrationRecord } from './migration-history.js';

const scripts = ['1_a', '2_b', '3_c'].map((name) => ({ name, sql: `-- ${name}` }));

describe('compareHistory', () => {
  it('takes everything as pending in an empty database', () => {
    expect(compareHistory(scripts, [])).toEqual({
      applied: [], pending: ['1_a', '2_b', '3_c'], unfinished: [], edited: [], unknown: [],
    }); // prettier-ignore
  });

  it('takes a migration as applied once it finished, whatever attempts went before', () => {
    const records = [record('1_a'), record('2_b', { finished: false, rolledBack: true }), record('2_b')];
    expect(compareHistory(scripts, records)).toMatchObject({
      applied: ['1_a', '2_b'],
      pending: ['3_c'],
      unfinished: [],
    });
  });

  it('takes one that was rolled back after it finished as pending', () => {
    expect(compareHistory(scripts, [record('1_a', { rolledBack: true })]).pending).toContain('1_a');
  });

  it('finds what was started and not finished, also when the directory no longer has it', () => {
    const gone = record('0_gone', { finished: false });
    expect(compareHistory(scripts, [gone]).unfinished).toEqual([gone]);
  });

  it('finds what was edited after it was applied, and what only the database knows', () => {
    const history = compareHistory(scripts, [record('1_a', { checksum: 'other' }), record('9_newer')]);
    expect(history).toMatchObject({ applied: ['1_a'], edited: ['1_a'], unknown: ['9_newer'] });
  });
});

function record(name: string, changes: Partial<MigrationRecord> = {}): MigrationRecord {
  const checksum = createHash('sha256').update(`-- ${name}`).digest('hex');
  return { name, checksum, finished: true, rolledBack: false, logs: null, ...changes };
}
