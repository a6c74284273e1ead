import type { Abstract } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { NotConfiguredError } from '../config/config.errors.js';
import { DatabaseState } from '../lifecycle/database-state.js';

type ConnectionToken = string | symbol | Abstract<unknown>;

/**
 * What the module of a connection provides under `token`, wherever in the application it was imported.
 *
 * @param caller - who cannot do without it; without a caller a missing provider is undefined
 * @throws {@link NotConfiguredError} when there is no such provider
 */
export function findForConnection<Provided>(
  modules: ModuleRef,
  token: ConnectionToken,
  caller: string,
): Provided;
export function findForConnection<Provided>(modules: ModuleRef, token: ConnectionToken): Provided | undefined;
export function findForConnection<Provided>(
  modules: ModuleRef,
  token: ConnectionToken,
  caller?: string,
): Provided | undefined {
  let found: Provided | null | undefined;
  try {
    found = modules.get<unknown, Provided | null>(token, { strict: false });
  } catch {
    found = undefined;
  }
  if (found !== undefined && found !== null) return found;
  if (caller === undefined) return undefined;
  throw new NotConfiguredError(
    typeof token === 'function' ? token.name : String(token),
    [caller],
    'Import `DatabaseModule` with a connection of that name.',
  );
}

/** The token of a connection's state: the class for the default one, a readable text for a named one. */
export function stateTokenOf(connection: string): ConnectionToken {
  return connection === 'default' ? DatabaseState : `${connection}:DatabaseState`;
}
