import { Injectable } from '@nestjs/common';
import { Notifier, type Notification } from './notifier.js';
import { PartnerClient } from './partner-client.js';

@Injectable()
export class HttpNotifier extends Notifier {
  constructor(private readonly client: PartnerClient) {
    super();
  }

  async send({ key, orderId, text }: Notification, signal: AbortSignal): Promise<void> {
    const body = { orderId, text };
    await this.client.post({ partner: 'message service', path: '/v1/messages', key, body }, signal);
  }
}
