import { ValidationError } from '../errors/validation.error.js';
import type { Arguments } from './defined-filters.js';
import type { RepositoryContext } from './repository-context.js';

/** The data of a new record, with the times that nobody gave. */
export function withCreationTimes({ traits, clock }: RepositoryContext, data: unknown): unknown {
  const { createdAt, updatedAt } = traits;
  if (!isRecord(data) || (createdAt === undefined && updatedAt === undefined)) return data;
  const filled = copyOf(data);
  const now = clock.date();
  for (const field of [createdAt, updatedAt]) {
    if (field !== undefined) filled[field] ??= now;
  }
  return filled;
}

/**
 * The data of a change: one version more, and the time of it.
 *
 * @throws {@link ValidationError} when the caller counts versions as well
 */
export function withChange(context: RepositoryContext, data: unknown, path: string): unknown {
  const { version, updatedAt } = context.traits;
  if (!isRecord(data) || (version === undefined && updatedAt === undefined)) return data;
  const changed = copyOf(data);
  if (version !== undefined) {
    if (changed[version] !== undefined) {
      throw new ValidationError(
        `${path}.${version}`,
        'is counted by the repository. Give the version that was read in `where`; nothing was sent.',
      );
    }
    changed[version] = { increment: 1 };
  }
  if (updatedAt !== undefined) changed[updatedAt] ??= context.clock.date();
  return changed;
}

function isRecord(data: unknown): data is Arguments {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** With inherited members, which Prisma reads as well. */
function copyOf(data: Arguments): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key in data) copy[key] = data[key];
  return copy;
}
