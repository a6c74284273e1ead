import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { QueryOperator } from 'nestjs-database';

/** What a list may be asked, as `defineQuery` takes it. */
export interface ListDefinition {
  readonly filter: Readonly<
    Record<string, readonly QueryOperator[] | { readonly operators: readonly QueryOperator[] }>
  >;
  readonly sort: readonly string[];
  readonly defaultSort: readonly string[];
}

/** The parameter that asks for the number of all records; `parseQuery` leaves it to the shop. */
export const TOTAL = 'total';

const MEANINGS: Readonly<Record<QueryOperator, string>> = {
  eq: 'is',
  ne: 'is not',
  in: 'is one of, with commas between them',
  notIn: 'is none of, with commas between them',
  lt: 'is less than',
  lte: 'is at most',
  gt: 'is more than',
  gte: 'is at least',
  contains: 'contains',
  startsWith: 'begins with',
  endsWith: 'ends with',
  isNull: 'is missing (true) or there (false)',
};

/** Documents the parameters of a list from the very definition that decides about them. */
export function ApiListQuery({ filter, sort, defaultSort }: ListDefinition): MethodDecorator {
  const conditions = Object.entries(filter).flatMap(([field, rule]) => {
    const operators: readonly QueryOperator[] = 'operators' in rule ? rule.operators : rule;
    return operators.map((operator) =>
      parameter(`filter[${field}][${operator}]`, `Where \`${field}\` ${MEANINGS[operator]}.`),
    );
  });
  const fields = sort.flatMap((field) => [field, `-${field}`]).join(', ');
  return applyDecorators(
    ...conditions,
    parameter('sort', `Some of ${fields}, with commas between them. Otherwise: ${defaultSort.join(', ')}.`),
    size('first', 'How many records, counted from the beginning or from `after`.'),
    parameter('after', '`endCursor` of the page before.'),
    size('last', 'How many records, counted from the end or from `before`.'),
    parameter('before', '`startCursor` of the page behind.'),
    ApiQuery({
      name: TOTAL,
      required: false,
      schema: { type: 'boolean', default: false },
      description: 'Whether all records are counted as well.',
    }),
  );
}

function parameter(name: string, description: string): MethodDecorator {
  return ApiQuery({ name, required: false, description, schema: { type: 'string' } });
}

function size(name: string, description: string): MethodDecorator {
  return ApiQuery({
    name,
    required: false,
    description,
    schema: { type: 'integer', minimum: 1, maximum: 100 },
  });
}
