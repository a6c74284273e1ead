import { AmbientValue } from '../common/ambient-value.js';

interface RetryScope {
  active: boolean;
}

// One for the whole process on purpose: whoever repeats a unit of work, nobody repeats the parts inside it.
const scopes = new AmbientValue<RetryScope>();

/**
 * Runs `work` as a unit that is repeated as a whole or not at all: a retry inside it tries once and hands its failure
 * on. Work that is started here and outlives it may repeat again.
 */
export function asOneAttempt<Result>(work: () => Promise<Result>): Promise<Result> {
  const scope: RetryScope = { active: true };
  return scopes.run(scope, async () => {
    try {
      return await work();
    } finally {
      scope.active = false;
    }
  });
}

/** Whether the caller is part of a unit that must not be repeated in parts. */
export function isInsideAttempt(): boolean {
  return scopes.get()?.active === true;
}

/** Runs `work` as if no unit were around it: it takes effect on its own, and is repeated on its own. */
export function outsideAttempt<Result>(work: () => Promise<Result>): Promise<Result> {
  return scopes.run({ active: false }, async () => await work());
}
