import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { inspect } from 'node:util';
import { AuthenticationError } from '../errors/connection.errors.js';
import { LoginGate, REFUSED_LOGIN_PAUSE_MS } from './login-gate.js';

const REFUSED = Object.assign(new Error('password authentication failed for user "shop"'), {
  code: '28P01',
  severity: 'FATAL',
});
const RESET = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });

interface Bench {
  readonly gate: LoginGate;
  password: string | Promise<string>;
  now: number;
}

function createBench(password: Bench['password'] = 'first'): Bench {
  const bench: Bench = {
    password,
    now: 0,
    gate: new LoginGate({
      password: () => bench.password,
      endpoint: 'db:5432',
      target: { kind: 'postgres', connection: 'default' },
      now: () => bench.now,
    }),
  };
  return bench;
}

async function refuse({ gate }: Bench): Promise<void> {
  const login = gate.begin();
  await login.password();
  login.end(REFUSED);
}

const turns = async () => {
  for (let count = 0; count < 10; count += 1) await Promise.resolve();
};

afterEach(() => {
  jest.useRealTimers();
});

describe('LoginGate', () => {
  it('lets logins pass while none has been refused, also after connections that failed otherwise', async () => {
    const { gate } = createBench();
    const login = gate.begin();
    expect(login.refusal()).toBeUndefined();
    expect(await login.password()).toBe('first');
    login.end(RESET);
    expect(gate.begin().refusal()).toBeUndefined();
  });

  it('opens no connection with a refused password for five seconds, and says why', async () => {
    const bench = createBench();
    await refuse(bench);
    bench.now = REFUSED_LOGIN_PAUSE_MS - 1;
    const refusal = bench.gate.begin().refusal();
    expect(refusal).toBeInstanceOf(AuthenticationError);
    expect(refusal?.message).toContain('4999 ms ago');
    expect(refusal?.message).toContain('after 5000 ms');
    bench.now = REFUSED_LOGIN_PAUSE_MS;
    expect(bench.gate.begin().refusal()).toBeUndefined();
  });

  it('tries a password at once that is another one, whether it is given now or promised', async () => {
    const bench = createBench();
    await refuse(bench);
    for (const given of ['second', Promise.resolve('second')]) {
      bench.password = given;
      const login = bench.gate.begin();
      expect(login.refusal()).toBeUndefined();
      expect(await login.password()).toBe('second');
      login.end(RESET);
    }
  });

  it('sends no password that is promised, opened or not, when it turns out to be the refused one', async () => {
    const bench = createBench(Promise.resolve('first'));
    await refuse(bench);
    const login = bench.gate.begin();
    expect(login.refusal()).toBeUndefined();
    await expect(login.password()).rejects.toBeInstanceOf(AuthenticationError);
    login.end(await login.password().catch((error: unknown) => error));
    // What was not sent does not prolong the pause.
    bench.now = REFUSED_LOGIN_PAUSE_MS;
    await expect(bench.gate.begin().password()).resolves.toBe('first');
  });

  it('waits as well where the server refuses without asking for a password', () => {
    const bench = createBench();
    bench.gate
      .begin()
      .end(Object.assign(new Error('no pg_hba.conf entry'), { code: '28000', severity: 'FATAL' }));
    expect(bench.gate.begin().refusal()).toBeInstanceOf(AuthenticationError);
    bench.now = REFUSED_LOGIN_PAUSE_MS;
    expect(bench.gate.begin().refusal()).toBeUndefined();
  });

  it('lets one of many try a password that is not proven, and spares the server the others when it is refused', async () => {
    const { gate } = createBench();
    const logins = Array.from({ length: 5 }, () => gate.begin());
    const passwords = logins.map((login) => login.password().catch((error: unknown) => error));
    let answered = 0;
    for (const password of passwords) void password.then(() => (answered += 1));
    await turns();
    expect(answered).toBe(1);
    logins[0]?.end(REFUSED);
    const [sent, ...spared] = await Promise.all(passwords);
    expect(sent).toBe('first');
    for (const error of spared) expect(error).toBeInstanceOf(AuthenticationError);
  });

  it('lets all pass once the first has succeeded, until a session ends or a second has passed', async () => {
    const bench = createBench();
    const [first, ...others] = Array.from({ length: 3 }, () => bench.gate.begin());
    const passwords = [first, ...others].map(async (login) => await login?.password());
    await turns();
    first?.end();
    expect(await Promise.all(passwords)).toEqual(['first', 'first', 'first']);

    const passesAlone = async () => {
      const [leader, follower] = [bench.gate.begin(), bench.gate.begin()];
      await leader.password();
      let passed = false;
      const password = follower.password().then(() => (passed = true));
      await turns();
      const alone = !passed;
      leader.end();
      await password;
      follower.end();
      return alone;
    };
    expect(await passesAlone()).toBe(false);
    bench.gate.sessionEnded();
    expect(await passesAlone()).toBe(true);
    bench.now += 1_000;
    expect(await passesAlone()).toBe(true);
  });

  it('passes the turn on after a second when the server says nothing to the one that has it', async () => {
    jest.useFakeTimers();
    const { gate } = createBench();
    const [silent, ...others] = Array.from({ length: 4 }, () => gate.begin());
    await silent?.password();
    let passed = 0;
    const passwords = others.map(async (login) => {
      const password = await login.password();
      passed += 1;
      login.end();
      return password;
    });
    jest.advanceTimersByTime(999);
    await turns();
    expect(passed).toBe(0);
    jest.advanceTimersByTime(1);
    // The second is told that the password is right, and that lets the others pass too.
    expect(await Promise.all(passwords)).toEqual(['first', 'first', 'first']);
    silent?.end(RESET);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('passes the turn on when the connection that had it breaks, but not to one that has ended', async () => {
    const { gate } = createBench();
    const [first, second, third] = [gate.begin(), gate.begin(), gate.begin()];
    const passwords = [first, second, third].map((login) => login.password());
    await turns();
    second.end(RESET);
    first.end(RESET);
    expect(await Promise.all(passwords)).toEqual(['first', 'first', 'first']);
    third.end();
  });

  it('shows no password, however it is printed', async () => {
    const bench = createBench('hunter2');
    await refuse(bench);
    const refusal = bench.gate.begin().refusal();
    for (const text of [inspect(bench.gate, { depth: 9 }), JSON.stringify(bench.gate), inspect(refusal)])
      expect(text).not.toContain('hunter2');
  });
});
