import { Module, type DynamicModule } from '@nestjs/common';
import { FakeBank } from './fake/fake-bank.js';
import { FakePartners } from './fake/fake-partners.js';
import { HttpNotifier } from './http-notifier.js';
import { HttpPaymentGateway } from './http-payment.gateway.js';
import { Notifier } from './notifier.js';
import { PartnerClient } from './partner-client.js';
import { PARTNER_OPTIONS, type PartnerOptions } from './partner.options.js';
import { PaymentGateway } from './payment-gateway.js';

/** The payment gateway and the message service, wherever they are; the classes that others inject are ports. */
@Module({})
export class PartnerModule {
  static register(options: PartnerOptions): DynamicModule {
    return {
      module: PartnerModule,
      global: true,
      providers: [
        { provide: PARTNER_OPTIONS, useValue: options },
        ...(options.url === undefined ? [FakeBank, FakePartners] : []),
        PartnerClient,
        { provide: PaymentGateway, useClass: HttpPaymentGateway },
        { provide: Notifier, useClass: HttpNotifier },
      ],
      exports: [PaymentGateway, Notifier],
    };
  }
}
