import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { defineQuery } from '../../../libs/database/src/index.js';

/** What these tests let users ask of products. */
export const PRODUCT_QUERY = defineQuery(PrismaClient, 'product', {
  filter: {
    priceCents: ['eq', 'ne', 'in', 'gt', 'gte', 'lt', 'lte'],
    name: { operators: ['eq', 'contains', 'startsWith', 'endsWith'], ignoreCase: true, maxLength: 40 },
    sku: ['eq', 'in', 'notIn', 'contains'],
    description: ['eq', 'isNull', 'ne'],
    weightKg: ['lte', 'eq'],
    active: ['eq'],
    createdAt: ['gte', 'lt'],
    'category.slug': ['eq', 'ne'],
    'orderItems.order.status': ['eq', 'in'],
    'orderItems.quantity': ['gte'],
    'orderItems.orderId': ['eq'],
  },
  sort: ['createdAt', 'priceCents', 'id'],
  defaultSort: ['-createdAt'],
  maxFirst: 50,
  otherParameters: ['lang'],
});
