import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { PARTNER_OPTIONS, type PartnerOptions } from '../partner.options.js';
import { FakeBank, type BankAnswer } from './fake-bank.js';

/** What can be out of order. */
export const SERVICES = ['payments', 'messages'] as const;
export type Service = (typeof SERVICES)[number];

const MAX_BODY = 10_000;

/**
 * A payment gateway and a message service on loopback: a server of its own, so that whatever happens to a call between two
 * companies happens to one here. `PUT /outages/payments` and `DELETE /outages/payments` are for trying out what happens
 * without it; the same for `messages`.
 */
@Injectable()
export class FakePartners implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('FakePartners');
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private readonly closing = new AbortController();
  private readonly outages = new Set<Service>();
  /** What was sent, by its key. */
  readonly messages = new Map<string, string>();

  constructor(
    @Inject(PARTNER_OPTIONS) private readonly options: PartnerOptions,
    private readonly bank: FakeBank,
  ) {}

  get url(): URL {
    const address = this.server.address() as AddressInfo | null;
    return new URL(`http://127.0.0.1:${address?.port ?? 0}`);
  }

  async onModuleInit(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async onApplicationShutdown(): Promise<void> {
    this.closing.abort();
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  setOutage(service: Service, isOut: boolean): void {
    if (isOut) this.outages.add(service);
    else this.outages.delete(service);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.answer(request);
      if (answer.answer === 'none') return;
      if (answer.answer === 'cut') return void request.socket.destroy();
      const lateMs = answer.answer === 'late' ? this.options.timeoutMs * 2 : 0;
      await delay(this.options.latencyMs + lateMs, undefined, { signal: this.closing.signal });
      response.writeHead(answer.status, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end(JSON.stringify({ code: answer.code }));
    } catch (error) {
      // Of a request that broke off, or a shop that closes, nobody waits for the answer.
      if (!this.closing.signal.aborted) this.logger.debug(String(error));
      request.socket.destroy();
    }
  }

  private async answer(request: IncomingMessage): Promise<BankAnswer> {
    const [, version, resource = ''] = (request.url ?? '').split('/');
    if (version === 'outages') return this.changeOutage(request.method, resource);
    const service: Service = resource === 'messages' ? 'messages' : 'payments';
    const body = await bodyOf(request);
    if (this.outages.has(service)) return { status: 503, code: 'out_of_order' };
    const key = request.headers['idempotency-key'];
    if (version !== 'v1' || request.method !== 'POST' || typeof key !== 'string')
      return { status: 404, code: 'not_found' };
    switch (resource) {
      case 'charges':
        return await this.bank.charge(key, body as never);
      case 'voids':
        return await this.bank.void(key);
      case 'captures':
        return await this.bank.capture(key);
      case 'refunds':
        return await this.bank.refund(key);
      case 'messages':
        return this.send(key, (body as { readonly text: string }).text);
      default:
        return { status: 404, code: 'not_found' };
    }
  }

  private changeOutage(method: string | undefined, resource: string): BankAnswer {
    const service = SERVICES.find((each) => each === resource);
    if (service === undefined || (method !== 'PUT' && method !== 'DELETE'))
      return { status: 404, code: 'not_found' };
    this.setOutage(service, method === 'PUT');
    return { status: 200, code: method === 'PUT' ? 'out_of_order' : 'in_order' };
  }

  private send(key: string, text: string): BankAnswer {
    if (!this.messages.has(key)) this.logger.log(`Message: ${text}`);
    this.messages.set(key, text);
    return { status: 201, code: 'sent' };
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > MAX_BODY) return {};
  }
  return text === '' ? {} : JSON.parse(text);
}
