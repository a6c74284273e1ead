import type { CheckedDataRules, DataRules } from './data-rules.js';
import { ProblemList } from './problem-list.js';
import { readJson } from './scalar-value.js';

/**
 * The data of a request as `create` and `update` may take them: `create({ data: guardData(body, NEW_CUSTOMER) })`.
 *
 * Refuses instead of dropping, so that nobody believes that something was written: fields that are not allowed, nested
 * writes (`connect`, `create`, `set`, …), an object or a list in the place of a value, `__proto__`, a value of another
 * type than the field's, null where the field cannot be, and texts that PostgreSQL cannot hold. Dates, big integers and
 * decimals come as text, as JSON has no form for them; the result has them in Prisma's types.
 *
 * @param body - the parsed body
 * @throws {@link ValidationError} with every problem and its path, up to twenty; nothing else, whatever was sent
 *
 * @public
 */
export function guardData<Data>(body: unknown, rules: DataRules<Data>): Data {
  const { fields, required } = rules as unknown as CheckedDataRules;
  const problems = new ProblemList();
  const data: [string, unknown][] = [];
  const given = entriesOf(body, problems);
  for (const [name, value] of given) {
    const field = fields.get(name);
    if (field === undefined) {
      problems.add(name, 'is not accepted here.');
    } else if (value === null && field.isNullable) {
      data.push([name, null]);
    } else {
      const reading = readJson(value, field.value);
      if ('problem' in reading) problems.add(name, reading.problem);
      else data.push([name, reading.value]);
    }
  }
  for (const name of required) if (!given.some(([key]) => key === name)) problems.add(name, 'is missing.');
  problems.throwIfAny();
  return Object.fromEntries(data) as Data;
}

/** What the body says; a property that a class declares and the request does not have says nothing. */
function entriesOf(body: unknown, problems: ProblemList): readonly (readonly [string, unknown])[] {
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return Object.entries(body).filter(([, value]) => value !== undefined);
  problems.add('body', 'is no object with fields.');
  return [];
}
