import 'reflect-metadata';
import { DEFAULT_CONNECTION } from '../client/connection-tokens.js';
import type { ConnectionName } from '../client/database-register.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import type { OutboxDeliver } from './outbox-sink.port.js';

/**
 * For {@link OutboxHandler}.
 *
 * @public
 */
export interface OutboxHandlerOptions {
  /**
   * Whose outbox it is.
   *
   * @defaultValue the default connection
   */
  readonly connection?: ConnectionName | undefined;
}

/** What is known of a method with the decorator. */
export interface OutboxHandlerMethod {
  readonly topic: string;
  readonly connection: string;
  /** `MailService.sendReceipt`. */
  readonly name: string;
}

const METHOD = Symbol('nestjs-database:outbox-handler');

/**
 * Delivers the messages of a topic: the method is called with each of them, and what it throws makes it be repeated. It may be
 * called again with a message that it has dealt with already, see {@link OutboxSink}.
 *
 * For methods of providers and controllers that live as long as the application.
 *
 * @throws {@link InvalidOptionsError} when the class is defined, for an empty topic, a static method, or a property
 *
 * @example
 * \@OutboxHandler('order-placed')
 * async sendReceipt(message: OutboxMessage, { signal }: OutboxDeliveryContext): Promise<void> { … }
 *
 * @public
 */
export function OutboxHandler(
  topic: string,
  options: OutboxHandlerOptions = {},
): <Handler extends OutboxDeliver>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void {
  return (target, property, descriptor) => {
    const owner = typeof target === 'function' ? target : target.constructor;
    const name = `${owner.name}.${String(property)}`;
    const refuse = (problem: string) => InvalidOptionsError.at('@OutboxHandler', name, problem);
    if (typeof topic !== 'string' || topic === '') throw refuse('has no topic.');
    if (typeof target === 'function')
      throw refuse('is static, and belongs to no instance that Nest creates.');
    const handler: unknown = descriptor?.value;
    if (typeof handler !== 'function')
      throw refuse('is no method. Functions in properties and accessors cannot be decorated.');
    const method: OutboxHandlerMethod = { topic, connection: options.connection ?? DEFAULT_CONNECTION, name };
    const known = outboxHandlersOf(handler);
    Reflect.defineMetadata(METHOD, [...known, method], handler);
  };
}

/** What the decorator has noted on a function; a method may have several topics. */
export function outboxHandlersOf(method: unknown): readonly OutboxHandlerMethod[] {
  if (typeof method !== 'function') return [];
  return (Reflect.getMetadata(METHOD, method) ?? []) as readonly OutboxHandlerMethod[];
}
