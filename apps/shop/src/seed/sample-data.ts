import type { OrderStatus, Prisma } from '../generated/prisma/client.js';
import { CATALOGUE, FIRST_NAMES, LAST_NAMES, STYLES, type CatalogueCategory } from './catalogue.js';
import { Random } from './random.js';

/** Rows of all tables, with their ids, so that relations need no look-up. */
export interface SampleData {
  readonly categories: Prisma.CategoryCreateManyInput[];
  readonly products: Prisma.ProductCreateManyInput[];
  readonly stock: Prisma.StockItemCreateManyInput[];
  readonly customers: Prisma.CustomerCreateManyInput[];
  readonly orders: (Prisma.OrderCreateManyInput & { readonly id: bigint })[];
  readonly items: Prisma.OrderItemCreateManyInput[];
}

const SEED = 20_251_231;
const PRODUCTS = 1_000;
const CUSTOMERS = 200;
const ORDERS = 5_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const YEAR_DAYS = 365;
/** The moment up to which orders were placed; fixed, so that the data are the same whenever they are made. */
const TODAY = Date.UTC(2025, 11, 31, 18);
const YEAR_START = TODAY - YEAR_DAYS * DAY_MS;
/** The product and the customer of the examples are always there and always for sale. */
const EXAMPLE_STOCK = 1_000_000;

/** The same data at every call. */
export function createSampleData(): SampleData {
  const random = new Random(SEED);
  const categories = CATALOGUE.map(({ name, slug }, index) => ({ id: index + 1, name, slug }));
  const products = createProducts(random);
  const stock = products.map(({ id }) => createStock(random, id));
  const customers = createCustomers(random);
  return { categories, products, stock, customers, ...createOrders(random, products) };
}

type ProductRow = Prisma.ProductCreateManyInput & { readonly id: number; readonly active: boolean };

function createProducts(random: Random): ProductRow[] {
  const names = CATALOGUE.map((category) => random.sample(productNames(category), Number.MAX_SAFE_INTEGER));
  return Array.from({ length: PRODUCTS }, (_, index) => {
    // Round the categories in turn, so that the first page shows some of each.
    const categoryIndex = index % CATALOGUE.length;
    const number = Math.floor(index / CATALOGUE.length);
    const category = CATALOGUE[categoryIndex] as CatalogueCategory;
    const name = names[categoryIndex]?.[number] ?? category.name;
    const createdAt = new Date(
      YEAR_START - random.integer(30, 700) * DAY_MS - random.integer(0, 1_439) * MINUTE_MS,
    );
    return {
      id: index + 1,
      sku: `${category.skuPrefix}-${String(number + 1).padStart(4, '0')}`,
      name,
      description: random.chance(80) ? `${name}, made to last and to be repaired.` : null,
      priceCents: random.integer(...category.price) * 100 - random.pick([0, 5, 10, 50]),
      currency: 'EUR',
      weightKg: grams(random.integer(...category.weight)),
      active: index === 0 || !random.chance(4),
      categoryId: categoryIndex + 1,
      createdAt,
      updatedAt: createdAt,
    };
  });
}

function productNames({ nouns, finishes }: CatalogueCategory): string[] {
  return nouns.flatMap((noun) =>
    finishes.flatMap((finish) => STYLES.map((style) => `${style} ${finish} ${noun}`)),
  );
}

function grams(weight: number): string {
  return `${Math.floor(weight / 1_000)}.${String(weight % 1_000).padStart(3, '0')}`;
}

function createStock(random: Random, productId: number): Prisma.StockItemCreateManyInput {
  const quantity = random.chance(5) ? 0 : random.integer(1, 400);
  return {
    productId,
    quantity: productId === 1 ? EXAMPLE_STOCK : quantity,
    reorderLevel: random.integer(2, 8) * 5,
    updatedAt: new Date(TODAY),
  };
}

function createCustomers(random: Random): Prisma.CustomerCreateManyInput[] {
  const everyone = FIRST_NAMES.flatMap((first) => LAST_NAMES.map((last) => ({ first, last })));
  return random.sample(everyone, CUSTOMERS).map(({ first, last }, index) => ({
    id: index + 1,
    name: `${first} ${last}`,
    email: `${first}.${last}@example.com`.toLowerCase(),
    createdAt: new Date(YEAR_START - random.integer(1, 900) * DAY_MS - random.integer(0, 1_439) * MINUTE_MS),
  }));
}

function createOrders(random: Random, products: readonly ProductRow[]): Pick<SampleData, 'orders' | 'items'> {
  const times = Array.from(
    { length: ORDERS },
    () => TODAY - random.integer(0, YEAR_DAYS * 24 * 60) * MINUTE_MS,
  );
  times.sort((left, right) => left - right);
  const forSale = products.filter(({ active }) => active);
  const items: Prisma.OrderItemCreateManyInput[] = [];
  const orders = times.map((time, index) => {
    const id = BigInt(index + 1);
    const chosen = Array.from({ length: random.integer(1, 5) }, () => random.pick(forSale));
    // By ascending product id and without repetition, as the shop itself places orders.
    const distinct = [...new Set(chosen)].sort((left, right) => left.id - right.id);
    let totalCents = 0n;
    for (const [position, { id: productId, priceCents: unitPriceCents }] of distinct.entries()) {
      const quantity = random.integer(1, 4);
      const lineTotalCents = BigInt(unitPriceCents) * BigInt(quantity);
      totalCents += lineTotalCents;
      items.push({ orderId: id, lineNo: position + 1, productId, quantity, unitPriceCents, lineTotalCents });
    }
    const customerId = random.integer(1, CUSTOMERS);
    const status = statusAt(random, (TODAY - time) / DAY_MS);
    return { id, customerId, status, totalCents, currency: 'EUR', placedAt: new Date(time) };
  });
  return { orders, items };
}

/** Fresh orders are still being worked on, old ones have arrived or were cancelled. */
function statusAt(random: Random, ageDays: number): OrderStatus {
  if (random.chance(6)) return 'CANCELLED';
  if (ageDays > 14) return 'SHIPPED';
  return random.pick(ageDays > 3 ? ['PAID', 'SHIPPED'] : ['PLACED', 'PAID']);
}
