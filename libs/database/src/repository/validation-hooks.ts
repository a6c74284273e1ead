import { InvalidOptionsError } from '../config/config.errors.js';
import { ValidationError } from '../errors/validation.error.js';
import type { RepositoryContext, RepositoryHooks } from './repository-context.js';

/** Asks the subclass about the data of a new record. */
export async function validateCreation(context: RepositoryContext, data: unknown): Promise<void> {
  await run(context, 'validateCreateData', data);
}

/** The same for a list; the paths of a problem begin with the place of the record in it. */
export async function validateCreations(context: RepositoryContext, data: unknown): Promise<void> {
  if (!Array.isArray(data)) {
    await validateCreation(context, data);
    return;
  }
  for (const [index, each] of (data as unknown[]).entries()) {
    try {
      await validateCreation(context, each);
    } catch (error) {
      throw placed(error, index);
    }
  }
}

/** Asks the subclass about the data of a change. */
export async function validateChange(context: RepositoryContext, data: unknown): Promise<void> {
  await run(context, 'validateUpdateData', data);
}

async function run(
  { hooks, model }: RepositoryContext,
  hook: keyof RepositoryHooks,
  data: unknown,
): Promise<void> {
  const answer: unknown = await hooks[hook](data);
  if (answer === undefined) return;
  // Somebody who returns changed data expects it to be stored.
  throw new InvalidOptionsError(`The repository of \`${model}\``, [
    {
      path: hook,
      problem: 'returned a value. It checks data and cannot replace it; change what is given to the call.',
    },
  ]);
}

function placed(error: unknown, index: number): unknown {
  // A class of the application's own is its business.
  if (!(error instanceof ValidationError) || error.constructor !== ValidationError) return error;
  const problems = error.problems.map(({ path, problem }) => ({ path: `${index}.${path}`, problem }));
  return ValidationError.of(problems, { cause: error });
}
