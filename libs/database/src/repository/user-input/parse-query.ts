import { ProblemList } from './problem-list.js';
import { queryEntries, type QueryEntry } from './query-entries.js';
import { readFilter } from './query-filter.js';
import type { CheckedQueryRules, QueryRules } from './query-rules.js';
import { buildWhere } from './where-tree.js';

/**
 * What a user asked for, in the form that `paginate` and `findMany` take.
 *
 * @public
 */
export interface ParsedQuery<Where, OrderBy> {
  /** Every condition; without any, an empty one. */
  readonly where: Where;
  /** Absent where neither the query nor the rules say an order. */
  readonly orderBy?: OrderBy[];
  /** The size of the page, counted from its beginning; always there unless `last` is. */
  readonly first?: number;
  /** The cursor the page comes after, as it was sent: `paginate` checks it. */
  readonly after?: string;
  /** The size of the page, counted from its end. */
  readonly last?: number;
  /** The cursor the page comes before. */
  readonly before?: string;
}

const LONGEST_CURSOR = 4_096;
const PAGING = ['sort', 'first', 'after', 'last', 'before'] as const;
type Paging = (typeof PAGING)[number];

/**
 * Reads the query of a request by the rules of its endpoint:
 * `?filter[priceCents][gte]=1000&filter[name][contains]=desk&sort=-createdAt,priceCents&first=20&after=…`.
 *
 * - `filter[field]=value` is short for `filter[field][eq]=value`; the field of a related record is
 *   `filter[category.slug]` or `filter[category][slug]`.
 * - `in` and `notIn` take `a,b`, or the parameter repeated, where a comma is part of the text.
 * - `sort` takes fields with commas between them, `-` in front of each that is to descend.
 * - `first` goes with `after`, `last` with `before`.
 *
 * Nothing is ignored or corrected: a parameter, field or comparison that the rules do not list, a value that is not of
 * the field's type, a page that is too large and a parameter given twice are all refused, together. It does not matter
 * whether the framework has nested the parameters or not. Values that are no texts are read as those of a JSON body.
 *
 * @throws {@link ValidationError} with every problem and its path, up to twenty; nothing else, whatever was sent
 *
 * @public
 */
export function parseQuery<Where, OrderBy>(
  query: unknown,
  rules: QueryRules<Where, OrderBy>,
): ParsedQuery<Where, OrderBy> {
  const checked = rules as unknown as CheckedQueryRules;
  const problems = new ProblemList();
  const filter: QueryEntry[] = [];
  const paging = new Map<Paging, unknown>();
  const isElsewhere = (name: string) => checked.otherParameters.has(name);
  // The longest name is that of an item: filter, the path, the operator, the number.
  for (const entry of queryEntries(query, checked.maxDepth + 3, isElsewhere, problems)) {
    const [name = ''] = entry.names;
    if (name === 'filter') filter.push(entry);
    else readPaging(entry, paging, problems);
  }
  const conditions = readFilter(filter, checked, problems);
  const orderBy = readSort(paging.get('sort'), checked, problems);
  const page = readPage(paging, checked, problems);
  problems.throwIfAny();
  return {
    where: buildWhere(conditions) as Where,
    ...(orderBy.length > 0 && { orderBy: orderBy as OrderBy[] }),
    ...page,
  };
}

function readPaging({ names, value }: QueryEntry, paging: Map<Paging, unknown>, problems: ProblemList): void {
  const at = names.join('.');
  const name = names.length === 1 ? PAGING.find((known) => known === at) : undefined;
  if (name === undefined) problems.add(at, 'is not a parameter of this query.');
  // A parameter that a class declares and the request does not have.
  else if (value === undefined) return;
  else if (Array.isArray(value)) problems.add(at, 'is given more than once, expected one value.');
  else paging.set(name, value);
}

function readSort(
  value: unknown,
  { sort, defaultSort }: CheckedQueryRules,
  problems: ProblemList,
): readonly Readonly<Record<string, 'asc' | 'desc'>>[] {
  const order = new Map<string, 'asc' | 'desc'>();
  const fail = (problem: string) => {
    problems.add('sort', problem);
    return [];
  };
  if (value !== undefined && typeof value !== 'string') return fail('is no text.');
  if (value !== undefined && sort.size === 0) return fail('is not a parameter of this query.');
  // One more than there can be, so that a long text is not taken apart as a whole.
  for (const name of value?.split(',', sort.size + 1) ?? defaultSort) {
    const field = name.startsWith('-') ? name.slice(1) : name;
    if (value !== undefined && !sort.has(field))
      return fail(`has a field that is none of: ${[...sort].join(', ')}.`);
    if (order.has(field)) return fail(`has the field ${field} twice.`);
    order.set(field, name.startsWith('-') ? 'desc' : 'asc');
  }
  return Array.from(order, ([field, direction]) => ({ [field]: direction }));
}

type Page = Pick<ParsedQuery<never, never>, 'first' | 'after' | 'last' | 'before'>;

function readPage(
  paging: ReadonlyMap<Paging, unknown>,
  { maxFirst, defaultFirst }: CheckedQueryRules,
  problems: ProblemList,
): Page {
  const backwards = paging.has('last') || paging.has('before');
  if (backwards) {
    for (const name of ['first', 'after'] as const)
      if (paging.has(name)) problems.add(name, 'cannot be combined with `last` or `before`.');
  }
  const size = readSize(paging, backwards ? 'last' : 'first', maxFirst, problems) ?? defaultFirst;
  const cursor = readCursor(paging, backwards ? 'before' : 'after', problems);
  if (backwards) return { last: size, ...(cursor !== undefined && { before: cursor }) };
  return { first: size, ...(cursor !== undefined && { after: cursor }) };
}

function readSize(
  paging: ReadonlyMap<Paging, unknown>,
  name: 'first' | 'last',
  max: number,
  problems: ProblemList,
): number | undefined {
  const value = paging.get(name);
  if (value === undefined) return undefined;
  const isWritten = typeof value === 'string' && /^\d{1,9}$/.test(value);
  const size = isWritten ? Number(value) : value;
  if (typeof size === 'number' && Number.isInteger(size) && size >= 1 && size <= max) return size;
  problems.add(name, `is no integer in [1, ${max}].`);
  return undefined;
}

function readCursor(
  paging: ReadonlyMap<Paging, unknown>,
  name: 'after' | 'before',
  problems: ProblemList,
): string | undefined {
  const value = paging.get(name);
  if (value === undefined) return undefined;
  // The alphabet of base64url, in which cursors are written.
  if (typeof value === 'string' && value.length <= LONGEST_CURSOR && /^[\w-]+$/.test(value)) return value;
  problems.add(name, 'is no cursor of a page.');
  return undefined;
}
