import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The user and group a server runs as when that is not the user of this process. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody` on every Unix; PostgreSQL refuses to run as root. */
const NOBODY: ServerAccount = { uid: 65_534, gid: 65_534 };

/** As whom servers run: `nobody` where this process is root, otherwise (null) as this process itself. */
export function serverAccount(): ServerAccount | null {
  return process.getuid?.() === 0 ? NOBODY : null;
}

/** Whether a user without rights may reach `path`, that is pass through it and every directory above it. */
export function isWorldReachable(path: string): boolean {
  for (let current = realpathSync(path); ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false;
    if (current === dirname(current)) return true;
  }
}
