import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CLEAN, PLANTS, type Plant, SRC } from './plants.ts';
import { plantTree, removeTree, runArch, violationsIn, type Violation, WORKSPACE } from './planted-tree.ts';

/** Loaded by path: the rules are plain JavaScript without declarations. */
const { MAY_IMPORT } = (await import(join(WORKSPACE, 'architecture.mjs'))) as {
  MAY_IMPORT: Record<string, readonly string[] | '*'>;
};

const trees: string[] = [];
function planted(...plants: Plant[]): string {
  const sources = { ...CLEAN };
  for (const { file, text, also } of plants) Object.assign(sources, { [file]: text }, also);
  const root = plantTree(sources);
  trees.push(root);
  return root;
}
function plant(title: string): Plant {
  const found = PLANTS[title];
  if (!found) throw new Error(`no plant is called ${title}`);
  return found;
}

afterAll(() => trees.forEach(removeTree));

describe('the import rules', () => {
  it('hold in the workspace', async () => {
    const { exitCode, output } = await runArch(WORKSPACE);
    expect({ exitCode, output }).toEqual({
      exitCode: 0,
      output: expect.stringContaining('no dependency violations'),
    });
  }, 60_000);

  it('name every folder of the library', () => {
    const folders = readdirSync(join(WORKSPACE, SRC), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect(folders.map(({ name }) => name).filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  it('only ever point down: no two folders may import each other', () => {
    const reaches = (from: string, to: string): boolean => {
      const next = MAY_IMPORT[from];
      return Array.isArray(next) && next.some((folder: string) => folder === to || reaches(folder, to));
    };
    expect(Object.keys(MAY_IMPORT).filter((folder) => reaches(folder, folder))).toEqual([]);
  });
});

describe('npm run arch', () => {
  it.each(['an import cycle', 'pg outside its adapter'])(
    'ends with an error for %s, and with none without it',
    async (title) => {
      const [clean, broken] = await Promise.all([runArch(planted()), runArch(planted(plant(title)))]);
      expect(clean).toMatchObject({ exitCode: 0 });
      expect(broken.exitCode).not.toBe(0);
      expect(broken.output).toContain(`error ${plant(title).rule}: ${plant(title).file}`);
    },
    60_000,
  );

  describe('reports', () => {
    let violations: Violation[] = [];
    beforeAll(async () => {
      violations = await violationsIn(planted(...Object.values(PLANTS)));
    }, 60_000);

    it.each(Object.entries(PLANTS))('%s', (_title, { rule, file }) => {
      const rules = violations.filter(({ from }) => from === file).map((violation) => violation.rule);
      expect(rules).toContain(rule);
    });

    it('nothing in the files that were not planted', () => {
      const innocent = violations.filter(({ from, rule }) => from in CLEAN && rule !== 'no-circular');
      expect(innocent).toEqual([]);
    });
  });
});
