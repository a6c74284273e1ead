import { Inject, Injectable, Optional } from '@nestjs/common';
import { FakePartners } from './fake/fake-partners.js';
import { CardDeclinedError, PartnerRefusedError, PartnerUnavailableError } from './partner.errors.js';
import { PARTNER_OPTIONS, type PartnerOptions } from './partner.options.js';

/** One request to a partner. */
export interface PartnerRequest {
  /** Who is asked, for messages. */
  readonly partner: string;
  readonly path: string;
  readonly key: string;
  readonly body?: object;
}

/** HTTP as most gateways speak it: JSON, a key in `Idempotency-Key`, 402 for a card that was declined. */
@Injectable()
export class PartnerClient {
  constructor(
    @Inject(PARTNER_OPTIONS) private readonly options: PartnerOptions,
    @Optional() private readonly fakes?: FakePartners,
  ) {}

  async post(request: PartnerRequest, signal: AbortSignal): Promise<void> {
    const { partner } = request;
    const { status, code } = await this.send(request, signal);
    if (status < 300) return;
    if (status === 402) throw new CardDeclinedError(code);
    if (status < 500 && status !== 429) throw new PartnerRefusedError(partner, code);
    throw new PartnerUnavailableError(partner, `answered with ${status}`);
  }

  private async send(
    { partner, path, key, body = {} }: PartnerRequest,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly code: string }> {
    const { timeoutMs } = this.options;
    // Shorter than the time of a step: what is late here is asked for again, with the same key.
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(new URL(path, this.options.url ?? this.fakes?.url), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key, Connection: 'close' },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, late]),
      });
      return { status: response.status, code: codeOf(await response.text()) };
    } catch {
      // Without the cause, which may carry the request.
      throw new PartnerUnavailableError(
        partner,
        late.aborted ? `did not answer within ${timeoutMs} ms` : 'could not be reached, or broke off',
      );
    }
  }
}

const CODE = /"code":"([a-z_]{1,40})"/;

/** What others send is not passed on as it is. */
function codeOf(answer: string): string {
  return CODE.exec(answer)?.[1] ?? 'unknown';
}
