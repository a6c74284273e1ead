// Reads `[rounds] [--check]`, and says which figures of a run are above what is promised of them.

export function readArguments(defaultRounds) {
  const given = process.argv.slice(2);
  const rounds = Number(given.find((argument) => !argument.startsWith('--')) ?? defaultRounds);
  return { rounds, check: given.includes('--check') };
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
    const judgement =
      figure <= promise
        ? 'kept'
        : figure <= promise + noise
          ? 'above, by no more than the noise'
          : 'NOT KEPT';
    if (judgement === 'NOT KEPT') this.#exceeded += 1;
    this.#lines.push(
      `  ${title.padEnd(38)} ${figure.toFixed(3).padStart(8)}   promised ≤ ${promise} (noise ${noise.toFixed(2)}): ${judgement}`,
    );
  }

  end() {
    console.log(`\nThe promises\n${this.#lines.join('\n')}`);
    if (this.#check && this.#exceeded > 0) process.exitCode = 1;
  }
}
