import { readProperty, readText } from '../common/safe-read.js';
import { withoutValues } from '../errors/server-text.js';
import type { Evidence } from './evidence.js';

/** What is missing, in the server's words where they are harmless, and what to do about it. */
export function schemaProblem({ nodes, sqlState, prismaCode }: Evidence): {
  readonly problem: string;
  readonly remedy: string;
} {
  const isDatabase = sqlState === '3D000' || sqlState === '57P04' || prismaCode === 'P1003';
  return {
    problem: said(nodes) ?? named(nodes) ?? `something is missing (${sqlState ?? prismaCode ?? 'no code'})`,
    remedy: isDatabase
      ? 'Create it, or correct the database name in the connection URL.'
      : 'Apply the migrations that belong to this version of the application, and check the `schema` of the connection.',
  };
}

function said(nodes: readonly unknown[]): string | undefined {
  for (const node of nodes) {
    const text = readText(node, 'originalMessage') ?? readText(node, 'message');
    const harmless = text === undefined ? undefined : withoutValues(text);
    if (harmless !== undefined) return harmless;
  }
  return undefined;
}

/** Prisma's adapter gives the name alone; older engines put it under `meta`. */
function named(nodes: readonly unknown[]): string | undefined {
  for (const node of nodes) {
    for (const holder of [node, readProperty(node, 'meta')]) {
      for (const kind of ['column', 'table', 'db'] as const) {
        const name = readText(holder, kind);
        if (name !== undefined) return `${kind === 'db' ? 'database' : kind} "${name}" does not exist`;
      }
    }
  }
  return undefined;
}
