import type { ProblemList } from './problem-list.js';
import type { QueryEntry } from './query-entries.js';
import {
  QUERY_OPERATORS,
  type CheckedQueryRules,
  type FieldRule,
  type QueryOperator,
} from './query-rules.js';
import { readJson, readText, type Reading, type ScalarRule } from './scalar-value.js';
import type { Condition } from './where-tree.js';

interface Asked {
  readonly rule: FieldRule;
  readonly operator: QueryOperator;
  /** As the user knows it: `filter.price.gte`. */
  readonly at: string;
  readonly values: unknown[];
  /** Whether it came item by item, so that a comma in a text is a comma. */
  readonly isItemised: boolean;
}

/** Reads `filter[field]=…`, `filter[field][operator]=…` and lists of it. */
export function readFilter(
  entries: readonly QueryEntry[],
  rules: CheckedQueryRules,
  problems: ProblemList,
): readonly Condition[] {
  const asked = new Map<string, Asked>();
  for (const entry of entries) ask(entry, rules, asked, problems);
  if (asked.size > rules.maxConditions) {
    problems.add('filter', `has ${asked.size} conditions, expected at most ${rules.maxConditions}.`);
    return [];
  }
  return [...asked.values()].flatMap((each) => {
    const reading = read(each, rules.maxListItems);
    if ('problem' in reading) problems.add(each.at, reading.problem);
    else return [{ rule: each.rule, operator: each.operator, value: reading.value }];
    return [];
  });
}

function ask(
  { names, value }: QueryEntry,
  rules: CheckedQueryRules,
  asked: Map<string, Asked>,
  problems: ProblemList,
): void {
  const path = names.slice(1).join('.');
  const at = `filter.${path}`;
  const found = find(path, rules);
  if (found === undefined) {
    problems.add(names.length === 1 ? 'filter' : at, 'is no condition that can be asked for here.');
    return;
  }
  const { rule, operator, isItem } = found;
  if (!rule.operators.has(operator)) {
    problems.add(at, `is not allowed, expected one of: ${[...rule.operators].join(', ')}.`);
    return;
  }
  const key = `${rule.path} ${operator}`;
  const present = asked.get(key);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isList = operator === 'in' || operator === 'notIn';
  if ((present !== undefined || Array.isArray(value) || isItem) && !isList) {
    problems.add(at, 'is given more than once, expected one value.');
  } else if (present !== undefined && !(isItem && present.isItemised)) {
    problems.add(at, 'is given more than once, expected one list.');
  } else if (present !== undefined) {
    for (const each of values) present.values.push(each);
  } else {
    const isItemised = isItem || Array.isArray(value);
    asked.set(key, {
      rule,
      operator,
      at: `filter.${rule.path}.${operator}`,
      values: [...values],
      isItemised,
    });
  }
}

/** The rule and the operator that a path names; the operator left out is `eq`, a number at the end an item of a list. */
function find(
  path: string,
  { filter }: CheckedQueryRules,
): { rule: FieldRule; operator: QueryOperator; isItem: boolean } | undefined {
  const whole = filter.get(path);
  if (whole !== undefined) return { rule: whole, operator: 'eq', isItem: false };
  const names = path.split('.');
  const last = names.at(-1) ?? '';
  const candidates = [
    { length: 1, isItem: false },
    ...(/^\d{0,4}$/.test(last) ? [{ length: 2, isItem: true }] : []),
  ];
  for (const { length, isItem } of candidates) {
    const rule = filter.get(names.slice(0, -length).join('.'));
    const operator = QUERY_OPERATORS.find((known) => known === names.at(-length));
    if (rule !== undefined && operator !== undefined) return { rule, operator, isItem };
  }
  return undefined;
}

function read({ rule, operator, values, isItemised }: Asked, maxItems: number): Reading {
  if (operator === 'isNull') return readOne(values[0], { type: 'boolean' });
  if (operator !== 'in' && operator !== 'notIn') return readOne(values[0], rule.value);
  const [only] = values;
  const items = !isItemised && typeof only === 'string' ? only.split(',', maxItems + 1) : values;
  if (items.length > maxItems) return { problem: `has more than ${maxItems} values.` };
  const list: unknown[] = [];
  for (const item of items) {
    const reading = readOne(item, rule.value);
    if ('problem' in reading) return { problem: `has a value that ${reading.problem}` };
    list.push(reading.value);
  }
  return { value: list };
}

function readOne(value: unknown, rule: ScalarRule): Reading {
  return typeof value === 'string' ? readText(value, rule) : readJson(value, rule);
}
