// Checked by `npm run typecheck`: an unused @ts-expect-error is an error itself.
import { expectTypeOf } from 'expect-type';
import type { ClientOf, ConnectionName, PrismaService, PrismaServiceOf } from 'nestjs-database';
import { getPrismaToken, InjectPrisma, RepositoryFor } from 'nestjs-database';
import type { PrismaClient } from '../../apps/shop/src/generated/prisma/client.js';
import type { extendBilling } from '../support/billing-connection.js';

declare const billing: PrismaServiceOf<'billing'>;

class InvoiceRepository extends RepositoryFor('category', { connection: 'billing' }) {}
declare const invoices: InvoiceRepository;

export async function namesAreThoseThatAreRegistered(): Promise<void> {
  expectTypeOf<ConnectionName>().toEqualTypeOf<'default' | 'billing' | 'records'>();
  expectTypeOf<ClientOf<'default'>>().toEqualTypeOf<PrismaClient>();
  expectTypeOf<ClientOf<'billing'>>().toEqualTypeOf<ReturnType<typeof extendBilling>>();
  expectTypeOf<PrismaServiceOf<'default'>>().toEqualTypeOf<PrismaService>();
  getPrismaToken('billing');
  // @ts-expect-error -- no such connection
  getPrismaToken('biling');
  // @ts-expect-error -- no such connection
  InjectPrisma('biling');
  // @ts-expect-error -- no such connection
  RepositoryFor('category', { connection: 'biling' });
  // @ts-expect-error -- no such model
  RepositoryFor('invoice', { connection: 'billing' });
}

export async function anExtensionKeepsItsTypeThroughInjection(): Promise<void> {
  expectTypeOf(billing.$shout('x')).toEqualTypeOf<string>();
  const rows = await billing.category.findMany({ select: { slug: true } });
  expectTypeOf(rows).toEqualTypeOf<{ slug: string }[]>();
  expectTypeOf(await billing.checkHealth()).toHaveProperty('healthy');
  expectTypeOf(await invoices.findMany({ select: { slug: true } })).toEqualTypeOf<{ slug: string }[]>();
  // @ts-expect-error -- no such model
  void billing.invoice;
}
