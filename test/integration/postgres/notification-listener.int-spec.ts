import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NotificationListener } from '../../../libs/database/src/postgres/notification-listener.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';
import { openConnection } from '../migration/migration-fixture.js';

let database: TestDatabase;
const opened: NotificationListener[] = [];
let sent: string[];
let warnings: string[];

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  sent = [];
  warnings = [];
});
afterEach(async () => {
  for (const listener of opened.splice(0)) await listener.close();
  await database.drop();
});

function createListener(open = () => openConnection(database.url, 'listener')): NotificationListener {
  const listener = new NotificationListener({
    open,
    send: async (channel) => {
      sent.push(channel);
      await database.query(`NOTIFY ${channel}`);
    },
    warn: (line) => warnings.push(line),
  });
  opened.push(listener);
  return listener;
}

/** Counts the calls; the first one says that the channel is listened to. */
async function counting(listener: NotificationListener, channel: string): Promise<{ woken: number }> {
  const count = { woken: 0 };
  listener.listen(channel, () => (count.woken += 1));
  if (!(await until(() => count.woken > 0, 5_000))) throw new Error(`${channel} is not listened to.`);
  return count;
}

describe('NotificationListener', () => {
  it('opens no connection before somebody listens', async () => {
    createListener();
    expect(await database.countConnections()).toBe(0);
  });

  it('wakes those who listen to the channel, in every process, and nobody else', async () => {
    const listener = createListener();
    const letters = await counting(listener, 'letters');
    const elsewhere = await counting(createListener(), 'letters');
    const parcels = { woken: 0 };
    listener.listen('parcels', () => (parcels.woken += 1));
    const before = parcels.woken;
    createListener().notify('letters');
    expect(await until(() => letters.woken === 2 && elsewhere.woken === 2, 5_000)).toBe(true);
    expect(parcels.woken).toBe(before);
  });

  it('hears a channel that is asked for while the connection is open already', async () => {
    const listener = createListener();
    await counting(listener, 'letters');
    let woken = 0;
    listener.listen('parcels', () => (woken += 1));
    expect(
      await until(async () => {
        await database.query('NOTIFY parcels');
        return woken > 0;
      }, 5_000),
    ).toBe(true);
  });

  it('wakes nobody who has stopped listening', async () => {
    const listener = createListener();
    const letters = await counting(listener, 'letters');
    let woken = 0;
    const stop = listener.listen('letters', () => (woken += 1));
    stop();
    listener.notify('letters');
    expect(await until(() => letters.woken === 2, 5_000)).toBe(true);
    expect(woken).toBe(0);
  });

  it('sends one notification for many that come together, and one more for those that come meanwhile', async () => {
    const listener = createListener();
    for (let call = 0; call < 100; call++) listener.notify('letters');
    listener.notify('parcels');
    expect(await until(() => sent.length === 3, 5_000)).toBe(true);
    expect(sent.sort()).toEqual(['letters', 'letters', 'parcels']);
  });

  it('listens again after its connection was lost, and wakes everybody then, who may have missed something', async () => {
    const letters = await counting(createListener(), 'letters');
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listener' AND datname = current_database()",
    );
    await database.query('NOTIFY letters');
    expect(await until(() => letters.woken === 2, 5_000)).toBe(true);
    await database.query('NOTIFY letters');
    expect(await until(() => letters.woken === 3, 5_000)).toBe(true);
  });

  it('says once why it cannot listen, goes on trying, and does not fail anybody', async () => {
    let attempts = 0;
    const listener = createListener(() => {
      attempts += 1;
      return attempts < 4
        ? Promise.reject(new TypeError('no way'))
        : openConnection(database.url, 'listener');
    });
    await counting(listener, 'letters');
    expect(attempts).toBe(4);
    expect(warnings).toHaveLength(1);
  });

  it('leaves no connection and no timer behind when it is closed, connected or not', async () => {
    const listener = createListener();
    await counting(listener, 'letters');
    listener.notify('letters');
    await listener.close();
    expect(await until(async () => (await database.countConnections()) === 0, 2_000)).toBe(true);
    const pending = createListener();
    pending.listen('letters', () => undefined);
    await pending.close();
    pending.listen('letters', () => undefined);
    pending.notify('letters');
    expect(await until(async () => (await database.countConnections()) === 0, 2_000)).toBe(true);
  });
});
