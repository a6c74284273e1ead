// Reads `[rounds] [--check]`, and says which figures of a run are above what is promised of them.

export function readArguments(defaultRounds) {
  const given = process.argv.slice(2);
  const rounds = Number(given.find((argument) => !argument.startsWith('--')) ?? defaultRounds);
  return { rounds, check: given.includes('--check') };
}

/** The parts of a benchmark that `--only=one,other` names; none named are all of them. */
export function readChoice(known) {
  const given = process.argv.find((argument) => argument.startsWith('--only='));
  const names = given === undefined ? [] : given.slice('--only='.length).split(',');
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`There is no part "${unknown.join('", "')}". Parts: ${known.join(', ')}.`);
  return new Set(names);
}

/** Compares figures with their promises; `end` prints them, and fails the process where it was asked to check. */
export class Verdict {
  #lines = [];
  #exceeded = 0;
  #check;

  constructor(check) {
    this.#check = check;
  }

  /** `noise` is added to the promise before the figure counts as above it. */
  note(title, figure, promise, noise) {
    this.#judge(title, figure, `≤ ${promise}`, figure - promise, noise);
  }

  /** The same for a figure that is promised to be large. */
  noteAtLeast(title, figure, promise, noise) {
    this.#judge(title, figure, `≥ ${promise}`, promise - figure, noise);
  }

  #judge(title, figure, promise, excess, noise) {
    const judgement = excess <= 0 ? 'kept' : excess <= noise ? 'off by no more than the noise' : 'NOT KEPT';
    if (judgement === 'NOT KEPT') this.#exceeded += 1;
    this.#lines.push(
      `  ${title.padEnd(42)} ${figure.toFixed(3).padStart(8)}   promised ${promise} (noise ${noise.toFixed(2)}): ${judgement}`,
    );
  }

  end() {
    console.log(`\nThe promises\n${this.#lines.join('\n')}`);
    if (this.#check && this.#exceeded > 0) process.exitCode = 1;
  }
}
