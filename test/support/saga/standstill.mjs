// Has a piece of asynchronous work stand still at a point of its own, as a process does that is killed or stopped there: what
// it would send from then on stays in this process. So one process can have many sagas each at another point when a signal
// strikes it, where one process for each point would take its time to start.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';

const current = new AsyncLocalStorage();
const { write } = Socket.prototype;

Socket.prototype.write = function writeUnlessStanding(...given) {
  const work = current.getStore();
  if (work?.later === undefined) return write.apply(this, given);
  work.later.push(() => write.apply(this, given));
  return true;
};

/** Work that can be stopped, with all that it has begun. */
export class Standstill {
  /** What is to be sent when it goes on; undefined while it runs. */
  later;

  run(work) {
    return current.run(this, work);
  }

  begin() {
    this.later = [];
    this.over = new Promise((resolve) => (this.resolve = resolve));
  }

  /** What it wanted to send is sent. */
  end() {
    const { later } = this;
    this.later = undefined;
    this.resolve();
    for (const send of later) send();
  }
}

/** To be awaited before anything that leaves the process on another way than a socket. */
export async function goesOn() {
  const work = current.getStore();
  if (work?.later !== undefined) await work.over;
}
