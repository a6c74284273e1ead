import { inspect } from 'node:util';

const SHOWN_AS = '[secret]';

/**
 * A text that nothing prints: not `console.log`, `util.inspect`, `JSON.stringify`, a template or a debugger's preview of
 * the properties. Only {@link Secret.reveal} gives it out.
 *
 * @public
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself; for the driver, never for a message. */
  reveal(): string {
    return this.#value;
  }

  /** Says that it is a secret, and no more. */
  toString(): string {
    return SHOWN_AS;
  }

  /** As {@link Secret.toString}. */
  toJSON(): string {
    return SHOWN_AS;
  }

  /** As {@link Secret.toString}. */
  [inspect.custom](): string {
    return SHOWN_AS;
  }
}
