// Lets contestants take turns in short slices of one run, so that a noisy machine slows them alike.

/**
 * @returns for each contestant its microseconds a call, one figure for each round: by the clock, and of processor time
 */
export async function compete(contestants, { rounds, callsPerSlice, concurrency }) {
  const names = Object.keys(contestants);
  const times = Object.fromEntries(names.map((name) => [name, { wall: [], cpu: [] }]));
  for (let round = -3; round < rounds; round++) {
    // Another one begins in each round: whoever comes first in a slice pays for what the last left behind.
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(((round + turn) % names.length) + names.length) % names.length];
      const started = performance.now();
      const cpuBefore = process.cpuUsage();
      await slice(contestants[name], callsPerSlice, concurrency);
      const { user, system } = process.cpuUsage(cpuBefore);
      if (round < 0) continue;
      times[name].wall.push(((performance.now() - started) * 1_000) / callsPerSlice);
      // What a busy machine disturbs less than the clock; at concurrency 32 it is what bounds the throughput.
      times[name].cpu.push((user + system) / callsPerSlice);
    }
  }
  return times;
}

/** Within a round the contestants meet the same noise, which a ratio of two medians does not cancel. */
export function ratioWithin(values, baseline) {
  return median(values.map((micros, round) => micros / baseline[round]));
}

export function printTimes(times, baseline) {
  for (const [name, { wall, cpu }] of Object.entries(times)) {
    console.log(
      `  ${name.padEnd(26)} ${figures(wall, times[baseline].wall)} a call   ${figures(cpu, times[baseline].cpu)} of processor time`,
    );
  }
}

function figures(values, baseline) {
  return `${median(values).toFixed(1).padStart(10)} µs ${ratioWithin(values, baseline).toFixed(3)} ×`;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function slice(call, calls, concurrency) {
  let left = calls;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
