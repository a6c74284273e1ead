import { describe, expect, it } from '@jest/globals';
import { readShopOptions, wantsDebug } from './app.options.js';

describe('readShopOptions', () => {
  it('has a default for everything, and seeds only a database of its own', () => {
    expect(readShopOptions({})).toMatchObject({
      port: 3_000,
      host: '127.0.0.1',
      databaseUrl: undefined,
      seed: true,
    });
    expect(readShopOptions({ DATABASE_URL: 'postgresql://db/shop' })).toMatchObject({ seed: false });
    expect(readShopOptions({ DATABASE_URL: 'postgresql://db/shop', SHOP_SEED: 'true' })).toMatchObject({
      seed: true,
    });
  });

  it('takes an empty variable for an absent one', () => {
    expect(readShopOptions({ PORT: '', DATABASE_URL: ' ', SHOP_SEED: '' })).toEqual(readShopOptions({}));
  });

  it.each(['abc', '-1', '65536', '3000.5', '0x10', '1e3'])('refuses the port %s by name', (PORT) => {
    expect(() => readShopOptions({ PORT })).toThrow(
      `\`PORT\` is "${PORT}", expected a whole number from 0 to 65535.`,
    );
  });

  it('knows where the partners are, and shows nothing of an address that is none', () => {
    expect(readShopOptions({ SHOP_PARTNERS_URL: 'https://pay.example' }).partnersUrl?.host).toBe(
      'pay.example',
    );
    expect(readShopOptions({ SHOP_LEASE_MS: '1000', SHOP_PARTNER_TIMEOUT_MS: '500' })).toMatchObject({
      leaseMs: 1_000,
      partnerTimeoutMs: 500,
    });
    for (const SHOP_PARTNERS_URL of ['x:secret@y', 'ftp://x:secret@y'])
      expect(() => readShopOptions({ SHOP_PARTNERS_URL })).toThrow(
        '`SHOP_PARTNERS_URL` is no address that begins with http:// or https://.',
      );
    expect(() => readShopOptions({ SHOP_LEASE_MS: '1' })).toThrow('from 500 to 3600000');
  });

  it('refuses a flag that is neither true nor false', () => {
    expect(() => readShopOptions({ SHOP_SEED: 'maybe' })).toThrow(
      '`SHOP_SEED` is "maybe", expected true or false.',
    );
  });
});

describe('wantsDebug', () => {
  it('is true for 1 and true, and never fails', () => {
    expect(['1', 'TRUE', 'yes', ''].map((SHOP_DEBUG) => wantsDebug({ SHOP_DEBUG }))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
