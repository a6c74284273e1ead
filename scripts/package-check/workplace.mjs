// A temporary directory, and programs that run in it: bounded in time, ended with all their children, cut short when
// the check itself is asked to end.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Nothing here may look for updates, send telemetry, or fetch an engine: only the npm registry is needed. */
const QUIET = {
  CHECKPOINT_DISABLE: '1',
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
  // The command line insists that an engine exists; `generate` never runs it.
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  NO_COLOR: '1',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
};

/** What of the surroundings the applications may see. Least of all what npm tells its scripts. */
const INHERITED =
  /^(PATH|HOME|USERPROFILE|TMPDIR|TEMP|TMP|LANG|SystemRoot|APPDATA|LOCALAPPDATA|CI|CI_RUN_MARK)$/i;
const PROXY_OR_REGISTRY =
  /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|npm_config_(registry|cache|userconfig|cafile|.*proxy))$/i;

export class ProgramFailedError extends Error {
  name = 'ProgramFailedError';
}

export class Workplace {
  #children = new Set();
  #ended = false;

  static async open() {
    const workplace = new Workplace();
    workplace.directory = await mkdtemp(join(tmpdir(), 'check-package-'));
    // As root the servers run as an unprivileged user, who has to reach their data.
    await chmod(workplace.directory, 0o755);
    return workplace;
  }

  /**
   * Runs a program to its end.
   *
   * @returns its exit code and everything it has written
   */
  async run(command, args, { cwd, env = {}, limitMs, naming }) {
    if (this.#ended) throw new ProgramFailedError(`${naming}: not begun, the check is ending`);
    const child = spawn(command, args, {
      cwd,
      env: { ...inherited(), ...QUIET, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#children.add(child);
    const all = [];
    const out = [];
    child.stdout.on('data', (chunk) => all.push(chunk) && out.push(chunk));
    child.stderr.on('data', (chunk) => all.push(chunk));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child);
    }, limitMs);
    try {
      const code = await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (exitCode, signal) => resolve(exitCode ?? signal));
      });
      const output = Buffer.concat(all).toString('utf8');
      if (late) throw new ProgramFailedError(`${naming}: no end after ${limitMs / 1_000} s\n${output}`);
      return { code, output, stdout: Buffer.concat(out).toString('utf8') };
    } finally {
      clearTimeout(timer);
      this.#children.delete(child);
      // A program that has left somebody behind must not leave them to us.
      killGroup(child);
    }
  }

  /** Runs a program that has to succeed, and returns its standard output. */
  async must(command, args, options) {
    const { code, output, stdout } = await this.run(command, args, options);
    if (code !== 0) throw new ProgramFailedError(`${options.naming}: exit code ${code}\n${output}`);
    return stdout;
  }

  /** Ends what runs; nothing more is begun. */
  interrupt() {
    this.#ended = true;
    for (const child of this.#children) killGroup(child);
  }

  async remove() {
    this.interrupt();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

function inherited() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => INHERITED.test(name) || PROXY_OR_REGISTRY.test(name)),
  );
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended, and so has everybody it started.
  }
}
