/**
 * Notes what a process must never see, whatever breaks: warnings, unhandled rejections and uncaught exceptions. A suite
 * runs in a context whose `process` is a copy that hears of none of them; it reads them from `globalThis.incidents`.
 */
import LeakCheckingEnvironment from '../leak-checking-environment.mjs';

export default class IncidentEnvironment extends LeakCheckingEnvironment {
  #incidents = [];
  #noteWarning = ({ name, message }) => {
    // The runner's own, of the first suite of a process.
    if (!message.startsWith('VM Modules ')) this.#incidents.push(`warning: ${name}: ${message}`);
  };
  #noteException = (error, origin) => this.#incidents.push(`${origin}: ${error?.stack ?? String(error)}`);

  async setup() {
    await super.setup();
    this.global.incidents = this.#incidents;
    process.on('warning', this.#noteWarning);
    process.on('uncaughtExceptionMonitor', this.#noteException);
  }

  async teardown() {
    process.off('warning', this.#noteWarning);
    process.off('uncaughtExceptionMonitor', this.#noteException);
    await super.teardown();
  }

  /** The runner has taken the listeners for unhandled rejections away; it reports them, without a test as well. */
  async handleTestEvent(event, state) {
    if (event.name === 'error')
      this.#incidents.push(`unhandled: ${event.error?.stack ?? String(event.error)}`);
    await super.handleTestEvent(event, state);
  }
}
