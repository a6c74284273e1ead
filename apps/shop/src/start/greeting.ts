import type { ShopServers, ShopStore } from './shop-servers.js';

/** Something that can be ordered, and somebody who can order it. */
export interface OrderExample {
  readonly customerId: number;
  readonly productId: number;
}

export interface Greeting {
  /** Where the shop is reached from this machine. */
  readonly url: string;
  readonly servers: Pick<ShopServers, 'database' | 'redis'>;
  readonly dataDirectory: string;
  /** The payment gateway and the message service, and whether they are the shop's own fake ones. */
  readonly partners: { readonly isFake: boolean; readonly url: URL };
  readonly seeded: boolean;
  /** Undefined where the database has nothing to sell or nobody to sell to. */
  readonly example: OrderExample | undefined;
}

const NO_REDIS = 'none: redis-server is not installed and REDIS_URL is not set; the shop runs without it';

/** Pays for whatever the example is. */
const CASH_CENTS = 1_000_000;

/** What the terminal shows once the shop is open; without any secret. */
export function greet({ url, servers, dataDirectory, partners, seeded, example }: Greeting): string {
  const { database, redis } = servers;
  const embedded = [database, redis].some((store) => store?.embedded !== undefined);
  return [
    '',
    `The shop is open at ${url}`,
    '',
    `  API docs    ${url}/docs`,
    `  PostgreSQL  ${describe(database, 'DATABASE_URL')}`,
    `  Redis       ${redis === undefined ? NO_REDIS : describe(redis, 'REDIS_URL')}`,
    `  Payments    ${partners.url.host} (${partners.isFake ? 'a fake gateway of the shop; its test cards are in the API docs' : 'from SHOP_PARTNERS_URL'})`,
    ...(embedded ? [`  Data        ${database.embedded?.dataDir ?? dataDirectory}`] : []),
    ...(seeded ? ['  Sample data was put into the empty database.'] : []),
    '',
    'Try it:',
    ...tryOut(url, example).map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function tryOut(url: string, example: OrderExample | undefined): string[] {
  const list = `curl -g '${url}/products?filter[priceCents][lte]=5000&sort=-createdAt&first=3'`;
  const health = `curl ${url}/api/health`;
  if (example === undefined) {
    return [
      list,
      health,
      '(The database has nothing to sell yet; SHOP_SEED=true fills an empty one at the start.)',
    ];
  }
  const { customerId, productId } = example;
  const items = [{ productId, quantity: 1 }];
  const day = new Date().toISOString().slice(0, 10);
  return [
    list,
    post(`${url}/orders`, { customerId, items }),
    `curl -g '${url}/orders?filter[customerId]=${customerId}&first=1'`,
    post(`${url}/registers/1/open`, { day }),
    post(`${url}/sales`, { registerId: 1, items, tenderedCents: CASH_CENTS }),
    `curl '${url}/reports/end-of-day?day=${day}'`,
    ...cardOrder(url, { customerId, items, cardToken: 'tok_visa' }),
  ];
}

/** Each start has a key of its own, so that the first line orders something. */
function cardOrder(url: string, body: object): string[] {
  const key = `cart-${Date.now().toString(36)}`;
  return [
    post(`${url}/card-orders`, body, `-H 'Idempotency-Key: ${key}' `),
    `curl ${url}/card-orders/${key}`,
    `curl ${url}/back-office/sagas/place-card-order/${key}`,
  ];
}

function post(address: string, body: object, headers = ''): string {
  return `curl -X POST ${address} ${headers}-H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
}

function describe({ url, embedded }: ShopStore, variable: string): string {
  const { hostname, port, pathname } = new URL(url);
  const address = `${hostname}${port === '' ? '' : `:${port}`}${pathname === '/' ? '' : pathname}`;
  if (embedded === undefined) return `${address} (from ${variable})`;
  return `${address} (${embedded.owned ? 'started by the shop' : 'already started by another instance of the shop'})`;
}
