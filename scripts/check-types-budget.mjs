// Proves that repositories are as cheap to compile as Prisma's own methods: the same calls as bare Prisma calls and as
// repository calls, each as a program of its own against the built declarations, by the compiler's own count of
// instantiations. The count is the same on every machine. And that the shop as a whole stays near what it would cost with
// bare calls: its repositories and services are measured against `test/types/bare-shop`, which does their work with the bare
// client. Needs what `npm run build:lib` makes.
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** How much more than bare Prisma calls the repositories may cost. */
const LIMIT = 1.15;
/** The same for the whole shop, with `load`, bulk writes and the rules of the lists, none of which the bare shop has. */
const SHOP_LIMIT = 1.15;
/** Where the shop asks its database; the bare shop takes their place. */
const SHOP_PARTS = [
  'customers/customer.repository', 'customers/customer.service', 'products/product.repository',
  'products/category.repository', 'products/product.service', 'products/price-list.service',
  'inventory/stock.repository', 'inventory/stock.service', 'orders/order.repository', 'orders/order.service',
  'orders/order-list', 'orders/order-tracking', 'reports/price-summary',
]; // prettier-ignore
/** Each call stands in the program this often; what is paid once for each model is spread over them. */
const ROUNDS = 2;

const root = join(import.meta.dirname, '..');
const temp = join(root, 'temp/types-budget');
const MODELS = ['product', 'customer', 'order', 'orderItem', 'category', 'stockItem'];
const newProduct = `sku: 'a', name: 'b', priceCents: 5, weightKg: '0.5'`;
const newItem = `lineNo: 1, quantity: 1, unitPriceCents: 5, lineTotalCents: 5n, productId: 5`;

/** What an application asks: reads with and without a shape, relations both ways, writes with nested ones. */
const CALLS = [
  `product.findMany({ where: { name: { contains: 'x' }, active: true, OR: [{ priceCents: { gte: 5 } }, { category: { slug: 'a' } }] }, orderBy: [{ createdAt: 'desc' }, { id: 'asc' }], take: 10 })`,
  `product.findMany({ select: { id: true, name: true, category: { select: { slug: true } } }, where: { categoryId: 3 } })`,
  `product.findMany({ include: { stock: true, category: true }, skip: 5 })`,
  `product.create({ data: { ${newProduct}, categoryId: 5 } })`,
  `product.create({ data: { ${newProduct}, category: { connect: { id: 1 } }, stock: { create: { quantity: 1 } } }, include: { stock: true } })`,
  `product.update({ where: { id: 1 }, data: { name: 'x', priceCents: { increment: 3 } } })`,
  `product.update({ where: { sku: 'a' }, data: { active: false }, select: { active: true } })`,
  `product.delete({ where: { id: 3 } })`,
  `product.count({ where: { active: true } })`,
  `customer.findMany({ where: { email: { endsWith: 'x', mode: 'insensitive' } }, include: { orders: { include: { items: true }, take: 3 } } })`,
  `customer.create({ data: { email: 'a', name: 'b' } })`,
  `customer.update({ where: { id: 1 }, data: { orders: { updateMany: { where: { status: 'PAID' }, data: { status: 'SHIPPED' } } } } })`,
  `customer.count()`,
  `order.findMany({ where: { customerId: 5, placedAt: { gte: new Date() }, items: { some: { productId: 4 } } }, orderBy: { placedAt: 'desc' }, include: { items: { include: { product: { select: { name: true } } }, orderBy: { lineNo: 'asc' } } } })`,
  `order.create({ data: { totalCents: 5n, customer: { connect: { id: 4 } }, items: { create: [{ ${newItem} }] } }, include: { items: true } })`,
  `order.update({ where: { id: 5n }, data: { status: 'PAID' } })`,
  `order.findMany({ where: { status: { in: ['PAID', 'SHIPPED'] } }, select: { id: true, totalCents: true } })`,
  `orderItem.findMany({ where: { orderId: 5n } })`,
  `orderItem.delete({ where: { orderId_lineNo: { orderId: 5n, lineNo: 4 } } })`,
  `category.findMany()`,
  `category.create({ data: { name: 'x', slug: 'y', products: { create: [{ ${newProduct} }] } } })`,
  `category.findMany({ select: { _count: { select: { products: true } }, slug: true } })`,
  `stockItem.update({ where: { productId: 4 }, data: { quantity: { decrement: 4 } } })`,
  `stockItem.findMany({ where: { quantity: { lte: 5 } }, include: { product: true } })`,
];
/** Those whose form differs. */
const BY_ID = ['customer', 'order', 'category'];
const BARE_BY_ID = BY_ID.flatMap((model) => [
  `${model}.findUnique({ where: { id: 1 } })`,
  `${model}.findUniqueOrThrow({ where: { id: 1 }, select: { id: true } })`,
]);
const REPOSITORY_BY_ID = BY_ID.flatMap((model) => [
  `${model}.findById(1)`,
  `${model}.getById(1, { select: { id: true } })`,
]);

const CLIENT = `import type { PrismaClient } from '../../apps/shop/src/generated/prisma/client.js';\n`;
const programs = {
  bare: `${CLIENT}declare const prisma: PrismaClient;\n${calls('prisma.', BARE_BY_ID)}`,
  repository: `${CLIENT}import type { Repository } from 'nestjs-database';\n${MODELS.map(
    (model) => `declare const ${model}: Repository<PrismaClient, '${model}'>;\n`,
  ).join('')}${calls('', REPOSITORY_BY_ID)}`,
};

function calls(receiver, byId) {
  const all = Array.from({ length: ROUNDS }, () => [...CALLS, ...byId]).flat();
  return all
    .map((call, index) => `export const call${index} = async () => await ${receiver}${call};\n`)
    .join('');
}

await rm(temp, { recursive: true, force: true });
await mkdir(temp, { recursive: true });
try {
  const counts = {};
  for (const [name, text] of Object.entries(programs)) counts[name] = await instantiations(name, text);
  const ratio = counts.repository / counts.bare;
  console.log(
    `Instantiations of ${ROUNDS * (CALLS.length + BARE_BY_ID.length)} calls: ${counts.bare} bare, ${counts.repository} through repositories, ${ratio.toFixed(3)} × (limit ${LIMIT}).`,
  );
  if (ratio > LIMIT) process.exitCode = 1;
  await checkShop();
} finally {
  await rm(temp, { recursive: true, force: true });
}

async function checkShop() {
  const register = '../../apps/shop/src/database.register.ts';
  const parts = SHOP_PARTS.map((file) => `../../apps/shop/src/${file}.ts`);
  const whole = await count('shop', {
    include: ['../../apps/shop/src'],
    exclude: ['../../apps/shop/src/**/*.spec.ts'],
  });
  const ours = await count('parts', { files: [register, ...parts] });
  const bare = await count('bare-shop', { include: ['../../test/types/bare-shop'] });
  const ratio = whole / (whole - ours + bare);
  console.log(
    `Instantiations of the shop: ${whole}, ${ratio.toFixed(3)} × what it would be with bare calls (limit ${SHOP_LIMIT}); its repositories and services alone: ${ours}, bare ${bare}.`,
  );
  if (!(ratio <= SHOP_LIMIT)) process.exitCode = 1;
}

async function instantiations(name, text) {
  await writeFile(join(temp, `${name}.ts`), text);
  return await count(name, { files: [`${name}.ts`] });
}

async function count(name, sources) {
  const config = join(temp, `tsconfig.${name}.json`);
  const compilerOptions = { noEmit: true, customConditions: [] };
  await writeFile(
    config,
    JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, ...sources }),
  );
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [
    tsc,
    '-p',
    config,
    '--extendedDiagnostics',
  ]);
  return Number(/^Instantiations:\s+(\d+)/m.exec(stdout)?.[1]);
}
