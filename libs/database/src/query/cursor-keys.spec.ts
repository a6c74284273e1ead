import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../config/config.errors.js';
import { Secret } from '../config/secret.js';
import { CursorKeys } from './cursor-keys.js';

const open = (secrets: readonly string[], mayInventSecret: boolean) => {
  const warnings: string[] = [];
  const options = { secrets: secrets.map((text) => new Secret(text)), mayInventSecret, maxPageSize: 1_000 };
  return { keys: new CursorKeys(options, (line) => warnings.push(line)), warnings };
};

describe('CursorKeys', () => {
  it('warns at the start of production without a secret, once, and refuses the first page', () => {
    const { keys, warnings } = open([], false);
    keys.announce();
    keys.announce();
    expect(warnings).toEqual([
      expect.stringMatching(/NODE_ENV=production.*DATABASE_CURSOR_SECRET.*pagination\.secret/),
    ]);
    expect(() => keys.all()).toThrow(InvalidOptionsError);
  });

  it('says nothing at the start where there is a secret, or one may be invented', () => {
    for (const { keys, warnings } of [open(['x'.repeat(32)], false), open([], true)]) {
      keys.announce();
      expect(warnings).toEqual([]);
    }
  });

  it('invents one key for the process, and warns at the first page', () => {
    const { keys, warnings } = open([], true);
    expect(keys.all()).toEqual(keys.all());
    expect(warnings).toEqual([expect.stringContaining('they end with this process')]);
    expect(open([], true).keys.all()).not.toEqual(keys.all());
  });
});
