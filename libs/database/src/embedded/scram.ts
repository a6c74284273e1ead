import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

/** The client's part of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding. */
export class ScramClient {
  private serverSignature: Buffer = Buffer.alloc(0);

  constructor(
    private readonly password: string,
    private readonly nonce = randomBytes(18).toString('base64'),
  ) {}

  get firstMessage(): string {
    return `n,,${this.firstMessageBare}`;
  }

  /** The proof that answers the server's challenge; null if it is not a challenge to our first message. */
  finalMessage(challenge: string): string | null {
    const match = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(challenge);
    const [, nonce = '', salt = '', iterations = ''] = match ?? [];
    if (!nonce.startsWith(this.nonce)) return null;
    const salted = pbkdf2Sync(this.password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const withoutProof = `c=biws,r=${nonce}`;
    const transcript = `${this.firstMessageBare},${challenge},${withoutProof}`;
    const signature = hmac(createHash('sha256').update(clientKey).digest(), transcript);
    this.serverSignature = hmac(hmac(salted, 'Server Key'), transcript);
    const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** Whether the server has shown that it knows the password too. */
  accepts(outcome: string): boolean {
    const signature = Buffer.from(/^v=([^,]+)/.exec(outcome)?.[1] ?? '', 'base64');
    return (
      signature.length === this.serverSignature.length && timingSafeEqual(signature, this.serverSignature)
    );
  }

  private get firstMessageBare(): string {
    return `n=,r=${this.nonce}`;
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
