import { Injectable } from '@nestjs/common';
import { PartnerClient } from './partner-client.js';
import { PaymentGateway, type Charge } from './payment-gateway.js';

const partner = 'payment gateway';

@Injectable()
export class HttpPaymentGateway extends PaymentGateway {
  constructor(private readonly client: PartnerClient) {
    super();
  }

  async authorise({ key, cardToken, amountCents, currency }: Charge, signal: AbortSignal): Promise<void> {
    const body = { cardToken, amountCents: String(amountCents), currency };
    await this.client.post({ partner, path: '/v1/charges', key, body }, signal);
  }

  async void(key: string, signal: AbortSignal): Promise<void> {
    await this.client.post({ partner, path: '/v1/voids', key }, signal);
  }

  async capture(key: string, signal: AbortSignal): Promise<void> {
    await this.client.post({ partner, path: '/v1/captures', key }, signal);
  }

  async refund(key: string, signal: AbortSignal): Promise<void> {
    await this.client.post({ partner, path: '/v1/refunds', key }, signal);
  }
}
