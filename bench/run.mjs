// Runs one benchmark by its name: `npm run bench -- overhead`.
import { readdirSync } from 'node:fs';

const [name, ...rest] = process.argv.slice(2);
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.mjs') && file !== 'run.mjs')
  .map((file) => file.replace('.mjs', ''));
if (!known.includes(name)) {
  console.error(`Give the name of a benchmark: ${known.join(', ')}.`);
  process.exitCode = 1;
} else {
  process.argv.splice(2, Infinity, ...rest);
  await import(`./${name}.mjs`);
}
