import { defineQuery } from 'nestjs-database';
import { PrismaClient } from '../generated/prisma/client.js';
import { TOTAL } from '../http/list-query.decorator.js';

/** What may be asked of the list of products; every field of `sort` begins an index. */
export const PRODUCT_LIST = {
  filter: {
    priceCents: ['eq', 'gt', 'gte', 'lt', 'lte'],
    name: { operators: ['contains'], ignoreCase: true, maxLength: 100 },
    sku: ['eq', 'in', 'startsWith'],
    active: ['eq'],
    categoryId: ['eq', 'in'],
    'category.slug': ['eq', 'in'],
    createdAt: ['gte', 'lt'],
  },
  sort: ['id', 'sku', 'name', 'priceCents', 'createdAt'],
  defaultSort: ['id'],
  otherParameters: [TOTAL],
} as const;

export const PRODUCT_QUERY = defineQuery(PrismaClient, 'product', PRODUCT_LIST);
