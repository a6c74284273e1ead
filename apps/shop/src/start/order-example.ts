import type { PrismaService } from 'nestjs-database';
import type { OrderExample } from './greeting.js';

/** The first product on the shelf and the first customer; undefined where one of them is missing. */
export async function findOrderExample({
  product,
  customer,
}: PrismaService): Promise<OrderExample | undefined> {
  const onShelf = await product.findFirst({
    where: { active: true, stock: { quantity: { gt: 0 } } },
    orderBy: { id: 'asc' },
    select: { id: true },
  });
  const buyer = await customer.findFirst({ orderBy: { id: 'asc' }, select: { id: true } });
  return onShelf === null || buyer === null ? undefined : { productId: onShelf.id, customerId: buyer.id };
}
