import { afterEach, describe, expect, it } from '@jest/globals';
import { AppModule } from './app.module.js';

const { NODE_ENV, DATABASE_CURSOR_SECRET } = process.env;
afterEach(() => {
  Object.assign(process.env, { NODE_ENV });
  if (DATABASE_CURSOR_SECRET === undefined) delete process.env.DATABASE_CURSOR_SECRET;
});

describe('AppModule', () => {
  it('does not start in production without the secret of its pages, and says which variable to set', () => {
    process.env.NODE_ENV = 'production';
    const register = () => AppModule.register({ databaseUrl: 'postgresql://shop:x@127.0.0.1/shop' });
    expect(register).toThrow(/`pagination\.secret` is missing.*DATABASE_CURSOR_SECRET/);
    process.env.DATABASE_CURSOR_SECRET = 'x'.repeat(32);
    expect(register).not.toThrow();
  });
});
