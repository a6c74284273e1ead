import type { Product } from '../generated/prisma/client.js';

/** What an order has to know about a product. */
export type Offer = Pick<Product, 'id' | 'name' | 'priceCents' | 'currency' | 'active'>;
