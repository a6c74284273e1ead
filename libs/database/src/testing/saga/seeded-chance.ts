import { createHash } from 'node:crypto';

const MAX = 2 ** 32;

/** A number in [0, 1), always the same for the same seed and the same text: whatever order things happen in. */
export function chance(seed: number, text: string): number {
  return createHash('sha256').update(`${seed} ${text}`).digest().readUInt32BE() / MAX;
}
