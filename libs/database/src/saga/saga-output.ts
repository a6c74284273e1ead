import { findJsonProblem } from '../common/json-value.js';
import { StepOutputError } from './saga.errors.js';

/**
 * What comes back of it from JSON: a step sees the same in its first run as after a recovery.
 *
 * @throws {@link StepOutputError} for what would come back as something else
 */
export function recordableOutput(output: unknown): unknown {
  if (output === undefined) return undefined;
  const found = findJsonProblem(output);
  if (found !== undefined) throw new StepOutputError(found.path, found.problem);
  return JSON.parse(JSON.stringify(output));
}
