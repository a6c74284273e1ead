// docs/compatibility.md claims no more and no less than what is tested.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONSUMERS, LOWEST_NODES } from './matrix.mjs';
import { ProgramFailedError } from './workplace.mjs';

const DOCUMENT = 'docs/compatibility.md';

export async function checkDocumentation(root) {
  const read = (path) => readFile(join(root, path), 'utf8');
  const document = await read(DOCUMENT);
  const { engines } = JSON.parse(await read('libs/database/package.json'));
  const recipe = (await read('test/consumers/cjs-nest12-jest/jest.config.js')).replace(/^\/[/*].*\n/gm, '');
  const expected = [
    ...CONSUMERS.map(({ name }) => `[${name}](../test/consumers/${name})`),
    ...engines.node.split(' || ').map((range) => `\`${range}\``),
    ...LOWEST_NODES,
    recipe,
  ];
  const missing = expected.filter((text) => !document.includes(text));
  if (missing.length > 0) throw new ProgramFailedError(`${DOCUMENT} does not say:\n${missing.join('\n')}`);
}
