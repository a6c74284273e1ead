import { describe, expect, it } from '@jest/globals';
import { ScramClient } from './scram.js';

describe('ScramClient', () => {
  const nonce = 'rOprNGfwEbeRWgbNEkqO';
  const challenge = `r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;

  it('proves the password and recognises a server that knows it', () => {
    const client = new ScramClient('pencil', nonce);
    expect(client.firstMessage).toBe(`n,,n=,r=${nonce}`);
    const answer = client.finalMessage(challenge);
    expect(answer).toMatch(
      /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/,
    );
    expect(client.accepts('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')).toBe(false);
    expect(client.accepts('e=other-error')).toBe(false);
  });

  it('answers no challenge that was meant for somebody else', () => {
    expect(new ScramClient('pencil', 'another').finalMessage(challenge)).toBeNull();
    expect(new ScramClient('pencil', nonce).finalMessage('nonsense')).toBeNull();
  });
});
