import { readdirSync, readFileSync } from 'node:fs';

/**
 * Freezes a server together with every process it has forked, as SIGSTOP or a hung disk does: the kernel still accepts
 * connections and nobody answers. Only for servers that the test itself has started.
 */
export function freeze(serverProcessId: number): { thaw(): void } {
  const frozen: number[] = [];
  // The parent first: it cannot fork any more while the children are looked for.
  for (const pid of [serverProcessId, ...childrenOf(serverProcessId)]) {
    process.kill(pid, 'SIGSTOP');
    frozen.push(pid);
  }
  return {
    thaw: () => {
      for (const pid of frozen.splice(0)) process.kill(pid, 'SIGCONT');
    },
  };
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

/** Processes come and go while they are listed. */
function parentOf(pid: number): number | undefined {
  try {
    // The name in parentheses may hold anything, blanks and parentheses included.
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(parent);
  } catch {
    return undefined;
  }
}
