import { createHash } from 'node:crypto';

/** One change of the library's own tables. Once released it is never edited: the next change is a new step. */
export interface SchemaStep {
  /** Counted from 1, within its component. */
  readonly version: number;
  /** What it does, for people: `create the tables`. */
  readonly name: string;
  /**
   * DDL statements, each with its semicolon; they run in a transaction. `{schema}` stands for the quoted schema, which
   * every name needs in front: the search path belongs to the application.
   */
  readonly sql: string;
}

/** A part of the library that has tables of its own. */
export interface SchemaComponent {
  readonly component: 'outbox' | 'saga';
  /** In the order of their versions. */
  readonly steps: readonly SchemaStep[];
}

/** A step together with whose it is. */
export interface ComponentStep extends SchemaStep {
  readonly component: string;
}

/** What is written down of a step that was applied: the same for every name of the schema. */
export function checksumOf({ sql }: SchemaStep): string {
  return createHash('sha256').update(sql).digest('hex');
}

/** Every step, in the order in which they are applied. */
export function stepsOf(components: readonly SchemaComponent[]): readonly ComponentStep[] {
  return components.flatMap(({ component, steps }) => steps.map((step) => ({ ...step, component })));
}

/** As it stands in messages and logs. */
export function describeStep({ component, version, name }: ComponentStep): string {
  return `\`${component} ${version}: ${name}\``;
}
