/**
 * Thrown by a step of a saga, or by a handler of the outbox: no repetition would mend it, and nothing has happened.
 *
 * It is not tried again. A step of a saga is not taken back itself either, as it says that nothing has happened. An undo that
 * throws it leaves its saga dead, once the others were tried.
 *
 * @public
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}
