import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../common/clock.js';
import type { RepositoryContext } from './repository-context.js';
import { withChange, withCreationTimes } from './trait-data.js';

const NOW = new Date('2030-01-02T03:04:05Z');
const clock: Clock = { now: () => 0, date: () => NOW, sleep: async () => undefined };
const context = (traits: object) => ({ traits, clock }) as unknown as RepositoryContext;

describe('the data of a write', () => {
  it('get the time of the clock where nobody gave one', () => {
    const both = context({ createdAt: 'born', updatedAt: 'changed' });
    expect(withCreationTimes(both, { name: 'x' })).toEqual({ name: 'x', born: NOW, changed: NOW });
    expect(withCreationTimes(both, { born: 1, changed: undefined })).toEqual({ born: 1, changed: NOW });
    expect(withChange(both, { name: 'x' }, 'data')).toEqual({ name: 'x', changed: NOW });
  });

  it('get one version more, and are refused where they set it', () => {
    const versioned = context({ version: 'revision' });
    expect(withChange(versioned, { name: 'x' }, 'data')).toEqual({ name: 'x', revision: { increment: 1 } });
    expect(() => withChange(versioned, { revision: 3 }, 'data')).toThrow('`data.revision` is counted');
    expect(withChange(versioned, { revision: undefined }, 'data')).toEqual({ revision: { increment: 1 } });
  });

  it('are left alone by a repository without such fields, and what is no record always', () => {
    const data = { name: 'x' };
    expect(withCreationTimes(context({}), data)).toBe(data);
    expect(withChange(context({}), data, 'data')).toBe(data);
    expect(withChange(context({ version: 'v' }), null, 'data')).toBeNull();
  });

  it('keep what they inherit, which Prisma reads as well', () => {
    const data = Object.create({ name: 'x' }) as object;
    expect(withChange(context({ version: 'v' }), data, 'data')).toEqual({ name: 'x', v: { increment: 1 } });
  });
});
