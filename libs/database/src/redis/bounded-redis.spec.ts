import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { blockingTime, BoundedRedis } from './bounded-redis.js';

describe('the time that a command may block on the server', () => {
  it.each([
    ['BLPOP a b 3', 3_000],
    ['BRPOP a 0.5', 500],
    ['BRPOPLPUSH a b 3', 3_000],
    ['BLMOVE a b LEFT RIGHT 3', 3_000],
    ['BLMOVEM a b LEFT RIGHT 3 COUNT 7 BULK', 3_000],
    ['BLMPOP 3 2 a b LEFT COUNT 7', 3_000],
    ['BZPOPMIN a 3', 3_000],
    ['BZPOPMAX a 3', 3_000],
    ['BZMPOP 3 1 a MIN', 3_000],
    ['XREAD COUNT 2 BLOCK 3000 STREAMS a $', 3_000],
    ['XREADGROUP GROUP g c BLOCK 3000 STREAMS a >', 3_000],
    ['WAIT 1 3000', 3_000],
    ['WAITAOF 1 1 3000', 3_000],
    ['blpop a 0', Infinity],
    ['XREAD STREAMS block 0', 0],
    ['BLPOP a never', 0],
    ['LMOVE a b LEFT RIGHT', 0],
  ])('%s is read from its arguments', (text, expected) => {
    const [name = '', ...args] = text.split(' ');
    expect(blockingTime({ name, args })).toBe(expected);
  });
});

describe('a pipeline', () => {
  it('shows no password when it is printed; that of ioredis does', () => {
    const client = new BoundedRedis('redis://user:hunter2@127.0.0.1:1', { lazyConnect: true }, 1_000);
    const pipelines = [client.pipeline(), client.pipeline([['get', 'a']]), client.multi(), client.multi([])];
    for (const pipeline of pipelines) {
      expect(inspect(pipeline, { depth: 9, showHidden: true })).not.toContain('hunter2');
      expect(JSON.stringify(pipeline)).not.toContain('hunter2');
    }
    expect(inspect(pipelines[1])).toBe('Pipeline { length: 1 }');
    expect(inspect(pipelines[0], { customInspect: false })).toContain('hunter2');
    client.disconnect();
  });
});
