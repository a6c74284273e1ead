/**
 * Fails a suite that leaves something open behind its last hook: a TCP socket or server (also an unreferenced one,
 * which would not keep the process alive but keeps a connection of the server), a Unix socket, a child process or a
 * running timer. Otherwise a leak in one suite shows up as a strange failure in another, or not at all.
 */
import { createHook } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { TestEnvironment } from 'jest-environment-node';

/** Closing is asynchronous: a socket that `end()` was called on needs a moment. */
const GRACE_MS = 2_000;
const POLL_MS = 25;

const endpoint = (address) => (address ? `${address.host ?? address}:${address.port ?? ''}` : null);

/** Everything libuv has open that belongs to one of the kinds above; identified by kind, address and endpoints. */
function openHandles() {
  process.report.excludeNetwork = true; // No reverse look-ups: they block.
  const open = new Map();
  for (const handle of process.report.getReport().libuv) {
    const { type, address, pid } = handle;
    const local = endpoint(handle.localEndpoint);
    const remote = endpoint(handle.remoteEndpoint);
    // Pipes without a name are the standard streams of this process or of a child, which is reported itself.
    const relevant =
      type === 'process' || type === 'tcp' || type === 'udp' || (type === 'pipe' && (local || remote));
    if (relevant) open.set([type, address, pid, local, remote].join(' '), { type, pid, local, remote });
  }
  return open;
}

function commandOf(pid) {
  const child = process._getActiveHandles().find((handle) => handle?.pid === pid && handle.spawnargs);
  if (child) return child.spawnargs.join(' ');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return 'command unknown';
  }
}

function describeHandle({ type, pid, local, remote }) {
  if (type === 'process') return `child process ${pid}: ${commandOf(pid).slice(0, 200)}`;
  const kind = { tcp: 'TCP', udp: 'UDP', pipe: 'Unix' }[type];
  return remote
    ? `${kind} socket to ${remote} (local ${local})`
    : `${kind} server or unconnected socket on ${local}`;
}

/** Where a timer was made: the frames of the suite and of what it loaded. */
function originOf(error) {
  const frames = String(error.stack).split('\n').slice(1);
  const ours = frames
    .filter((frame) => !/node:|<anonymous>\)$|leak-checking-environment|node_modules\/jest-/.test(frame))
    .slice(0, 3);
  return ours.length > 0 ? ours.map((frame) => frame.trim()).join(' < ') : 'made inside Node';
}

export default class LeakCheckingEnvironment extends TestEnvironment {
  #handlesBefore = new Map();
  /** The suite's timers by identity: a count would be wrong when one of the runner's own timers comes or goes. */
  #timers = new Map();
  #hook = createHook({
    init: (id, type, _trigger, timer) => {
      if (type === 'Timeout') this.#timers.set(id, { timer, origin: new Error() });
    },
    destroy: (id) => this.#timers.delete(id),
  });

  async setup() {
    await super.setup();
    this.#handlesBefore = openHandles();
    this.#hook.enable();
  }

  async teardown() {
    this.#hook.disable();
    this.#timers.clear();
    await super.teardown();
  }

  /** `run_finish` comes after the last `afterAll`; an error noted there fails the suite and keeps its test results. */
  async handleTestEvent(event, state) {
    await super.handleTestEvent?.(event, state);
    if (event.name !== 'run_finish') return;
    const deadline = performance.now() + GRACE_MS;
    let leaks = this.#leaks();
    while (leaks.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      leaks = this.#leaks();
    }
    if (leaks.length === 0) return;
    const list = leaks.map((leak) => `  - ${leak}`).join('\n');
    state.unhandledErrors.push(new Error(`The suite left open after its last hook:\n${list}`));
  }

  #leaks() {
    const handles = [...openHandles()].filter(([key]) => !this.#handlesBefore.has(key));
    const timers = [...this.#timers.values()].filter(({ timer }) => !timer._destroyed && timer.hasRef());
    const origins = timers.map(({ origin }) => `\n      ${originOf(origin)}`).join('');
    return [
      ...handles.map(([, handle]) => describeHandle(handle)),
      ...(timers.length > 0
        ? [`${timers.length} running timer${timers.length > 1 ? 's' : ''}:${origins}`]
        : []),
    ];
  }
}
