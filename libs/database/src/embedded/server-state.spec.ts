import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPassword, ServerStateStore } from './server-state.js';

describe('ServerStateStore', () => {
  let directory: string;
  let store: ServerStateStore;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'server-state-'));
    store = new ServerStateStore(directory);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('keeps the state where only this user can read it', () => {
    expect(store.find()).toBeNull();
    const state = store.replace(null, { port: 1, password: 'a' });
    expect(state).toEqual({ generation: 1, port: 1, password: 'a' });
    expect(store.find()).toEqual(state);
    expect(statSync(join(directory, 'server-1.json')).mode & 0o777).toBe(0o600);
  });

  it('lets one of several changes win, which all others then see', () => {
    const first = store.replace(null, { port: 1, password: 'a' });
    expect(store.replace(null, { port: 9, password: 'late' })).toEqual(first);
    const second = store.replace(first, { port: 2, password: 'b' });
    expect(second.generation).toBe(2);
    expect(store.replace(first, { port: 9, password: 'late' })).toEqual(second);
    expect(readdirSync(directory)).toEqual(['server-2.json']);
  });

  it('does not bring back a generation that has been left behind', () => {
    const first = store.replace(null, { port: 1, password: 'a' });
    const third = store.replace(store.replace(first, { port: 2, password: 'b' }), { port: 3, password: 'c' });
    expect(store.replace(first, { port: 9, password: 'late' })).toEqual(third);
    expect(store.find()).toEqual(third);
  });

  it.each(['', '{"port":1,"passw', '{"port":"1","password":"hunter2"}'])(
    'refuses the content %p without repeating it',
    (content) => {
      writeFileSync(join(directory, 'server-1.json'), content);
      expect(() => store.find()).toThrow(
        expect.objectContaining({
          code: 'EMBEDDED_DATA_DIRECTORY',
          message: expect.not.stringContaining('hunter2'),
        }),
      );
    },
  );
});

describe('createPassword', () => {
  it('needs no escaping in a URL, a shell or a configuration file', () => {
    expect(createPassword()).toMatch(/^[\w-]{32}$/);
    expect(createPassword()).not.toBe(createPassword());
  });
});
