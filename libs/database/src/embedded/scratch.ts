import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isProcessAlive } from './process-liveness.js';

const NAME = /^\.tmp-(\d+)-/;

/** A path in `directory` that no other process uses, for something that gets its real name once it is complete. */
export function scratchPath(directory: string): string {
  return join(directory, `.tmp-${process.pid}-${randomBytes(6).toString('hex')}`);
}

/** Removes what processes that have died left behind under such a path. */
export function removeAbandonedScratch(directory: string): void {
  for (const name of readdirSync(directory)) {
    const owner = NAME.exec(name)?.[1];
    if (owner !== undefined && !isProcessAlive(Number(owner))) {
      rmSync(join(directory, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }
}
