import type { ModuleRef } from '@nestjs/core';
import { NotConfiguredError } from '../config/config.errors.js';

/**
 * What the module of a connection provides under `token`, wherever in the application it was imported.
 *
 * @param caller - who cannot do without it; without a caller a missing provider is undefined
 * @throws {@link NotConfiguredError} when there is no such provider
 */
export function findForConnection<Provided>(
  modules: ModuleRef,
  token: string | symbol,
  caller: string,
): Provided;
export function findForConnection<Provided>(modules: ModuleRef, token: string | symbol): Provided | undefined;
export function findForConnection<Provided>(
  modules: ModuleRef,
  token: string | symbol,
  caller?: string,
): Provided | undefined {
  let found: Provided | null | undefined;
  try {
    found = modules.get<Provided | null>(token, { strict: false });
  } catch {
    found = undefined;
  }
  if (found !== undefined && found !== null) return found;
  if (caller === undefined) return undefined;
  throw new NotConfiguredError(
    String(token),
    [caller],
    'Import `DatabaseModule` with a connection of that name.',
  );
}
