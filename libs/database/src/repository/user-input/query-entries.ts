import type { ProblemList } from './problem-list.js';

/** One parameter: the names on the way to it, and what stands there. */
export interface QueryEntry {
  readonly names: readonly string[];
  /** A text, or whatever else the parser of the framework has made of it; never an object that has to be gone through. */
  readonly value: unknown;
}

/** `filter[price][gte]`: a name, then names in brackets; `[]` stands for the next item of a list. */
const FLAT = /^([^[\]]+)((?:\[[^[\]]*\])*)$/;
/** As many as the parsers of the frameworks let through. */
const MOST = 1_000;

/**
 * The parameters of a query in one form, whether the framework has nested them (Express with its `extended` parser) or
 * left the keys as they were sent (Express' `simple` one, Fastify).
 *
 * @param isElsewhere - names of parameters that are read by somebody else
 */
export function queryEntries(
  query: unknown,
  maxNames: number,
  isElsewhere: (name: string) => boolean,
  problems: ProblemList,
): readonly QueryEntry[] {
  if (query === undefined || query === null) return [];
  if (!isRecord(query)) {
    problems.add('query', 'is no set of parameters.');
    return [];
  }
  const entries: QueryEntry[] = [];
  for (const key of Object.keys(query)) {
    const [, head, brackets] = FLAT.exec(key) ?? [];
    if (head === undefined || brackets === undefined) {
      problems.add(key, 'is not a name, or a name followed by names in brackets.');
      continue;
    }
    if (isElsewhere(head)) continue;
    const names = [head, ...Array.from(brackets.matchAll(/\[([^[\]]*)\]/g), ([, name = '']) => name)];
    collect(query[key], names, maxNames, entries, problems);
    if (entries.length > MOST) {
      problems.add('query', `has more than ${MOST} parameters.`);
      return [];
    }
  }
  return entries;
}

function collect(
  value: unknown,
  names: readonly string[],
  maxNames: number,
  entries: QueryEntry[],
  problems: ProblemList,
): void {
  if (names.length > maxNames) {
    problems.add(names.join('.'), 'is nested too deeply.');
    return;
  }
  if (!isRecord(value)) {
    entries.push({ names, value });
    return;
  }
  const keys = Object.keys(value);
  if (keys.length === 0) problems.add(names.join('.'), 'is empty.');
  for (const key of keys) {
    if (entries.length > MOST) return;
    collect(value[key], [...names, key], maxNames, entries, problems);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
