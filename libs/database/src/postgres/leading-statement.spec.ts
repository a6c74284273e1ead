import { describe, expect, it } from '@jest/globals';
import { executeNamed } from './leading-statement.js';

describe('executeNamed', () => {
  it('writes Bind and Execute as the manual of the protocol has them, with bytes counted and not letters', () => {
    const parts = [
      Buffer.from('B'), int32(40),
      Buffer.from('\0näme\0'), int16(0), int16(4),
      int32(3), Buffer.from('abc'), int32(-1), int32(0), int32(4), Buffer.from('🙂'),
      int16(0),
      Buffer.from('E'), int32(9), Buffer.from('\0'), int32(0),
    ]; // prettier-ignore
    expect(executeNamed('näme', ['abc', null, '', '🙂'])).toEqual(Buffer.concat(parts));
  });
});

function int16(value: number): Buffer {
  return Buffer.from([value >> 8, value]);
}

function int32(value: number): Buffer {
  return Buffer.from([value >> 24, value >> 16, value >> 8, value]);
}
