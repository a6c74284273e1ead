import type { SqlParameters } from './sql-parameters.js';

/** A condition that writes itself into a statement, its values among the parameters. */
export type Condition = (parameters: SqlParameters) => string;

export const ALWAYS: Condition = () => 'true';
export const NEVER: Condition = () => 'false';

export function not(condition: Condition): Condition {
  return (parameters) => `NOT (${condition(parameters)})`;
}

/** All of them; with none of them everything passes. */
export function allOf(conditions: readonly Condition[]): Condition {
  return joined(conditions, 'AND') ?? ALWAYS;
}

/** One of them at least; with none of them nothing passes. */
export function anyOf(conditions: readonly Condition[]): Condition {
  return joined(conditions, 'OR') ?? NEVER;
}

function joined(conditions: readonly Condition[], operator: string): Condition | undefined {
  if (conditions.length <= 1) return conditions[0];
  return (parameters) => conditions.map((condition) => `(${condition(parameters)})`).join(` ${operator} `);
}
