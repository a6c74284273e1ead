import { describe, expect, it } from '@jest/globals';
import { deepFreeze } from './deep-freeze.js';

describe('deepFreeze', () => {
  it('freezes objects and arrays at every depth and leaves instances and functions alone', () => {
    class Client {}
    const instance = new Client();
    const work = () => undefined;
    const frozen = deepFreeze({ list: [{ a: 1 }], instance, work });
    expect(Object.isFrozen(frozen.list[0])).toBe(true);
    expect(Object.isFrozen(frozen.list)).toBe(true);
    expect(Object.isFrozen(instance)).toBe(false);
    expect(Object.isFrozen(work)).toBe(false);
  });
});
