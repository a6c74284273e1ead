// What importing and constructing `DatabaseModule` adds to the start of a Nest application that opens nothing
// (`startup.mode: 'lazy'`): wall time and resident memory, each start in a process of its own, in turns, beside what is
// promised of them. `npm run bench -- boot [rounds] [--check]`; needs what `npm run build` makes.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readArguments, Verdict } from './support/verdict.mjs';

const { rounds: ROUNDS, check } = readArguments(15);
/** May be exceeded by a fifth before the check fails: single starts differ by more than that. */
const PROMISES = { ms: 25, megabytes: 8 };
const NOISE = 0.2;
const run = promisify(execFile);
const program = fileURLToPath(new URL('./boot/start.mjs', import.meta.url));

const contestants = ['bare', 'prisma', 'database'];
const results = Object.fromEntries(contestants.map((name) => [name, []]));
for (let round = -1; round < ROUNDS; round++) {
  for (let turn = 0; turn < contestants.length; turn++) {
    const name = contestants[(round + 1 + turn) % contestants.length];
    const { stdout } = await run(process.execPath, ['--expose-gc', program, name]);
    if (round >= 0) results[name].push(JSON.parse(stdout));
  }
}

const titles = {
  bare: 'bare Nest application',
  prisma: '… with a bare PrismaClient',
  database: '… with DatabaseModule',
};
console.log(
  `\nStart without I/O, ${ROUNDS} rounds; medians, and medians of the differences to the bare application`,
);
const verdict = new Verdict(check);
for (const name of contestants) {
  const difference = (field) =>
    median(results[name].map((one, round) => one[field] - results.bare[round][field]));
  const own = (field) => median(results[name].map((one) => one[field]));
  console.log(
    `  ${titles[name].padEnd(28)} ${own('ms').toFixed(1).padStart(7)} ms (+${difference('ms').toFixed(1)})   ` +
      `${own('importMs').toFixed(1).padStart(6)} ms to load the library   ${own('megabytes').toFixed(1).padStart(6)} MB (+${difference('megabytes').toFixed(1)})`,
  );
  if (name !== 'database') continue;
  for (const [field, promise] of Object.entries(PROMISES))
    verdict.note(`start, more ${field === 'ms' ? 'ms' : 'MB'}`, difference(field), promise, promise * NOISE);
}
verdict.end();

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
