import { describe, expect, it } from '@jest/globals';
import { parseInfo } from './redis-info.js';

describe('parseInfo', () => {
  it('keeps version, role, memory and clients, with figures as numbers', () => {
    const text =
      '# Server\r\nredis_version:7.0.15\r\n# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nrole:master\r\n';
    expect(parseInfo(text)).toEqual({ version: '7.0.15', usedMemoryBytes: 1_048_576, role: 'master' });
  });

  it('makes nothing of a text it does not know', () => {
    expect(parseInfo('')).toEqual({});
  });
});
