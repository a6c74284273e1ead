import { BadRequestException, type ValidationError } from '@nestjs/common';
import type { FieldProblemView } from './error.view.js';

/** A 400 that says which fields are wrong, and how. */
export function badFields(errors: FieldProblemView[]): BadRequestException {
  const paths = errors.map(({ path }) => path).join(', ');
  return new BadRequestException({
    statusCode: 400,
    error: 'Bad Request',
    message: `The request is not valid: ${paths}.`,
    errors,
  });
}

/** Flattens class-validator's tree into full paths such as `items.0.quantity`. */
export function toFieldProblems(errors: readonly ValidationError[], parent = ''): FieldProblemView[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    // An element of a nested array has no property of its own in some errors.
    const path = [parent, property].filter((part) => part !== undefined && part !== '').join('.') || 'body';
    const problems = Object.values(constraints).map((text) => withoutName(text, property));
    const own = problems.length > 0 ? [{ path, problems }] : [];
    return [...own, ...toFieldProblems(children, path)];
  });
}

/** class-validator begins its sentences with the property's name, which the path gives already. */
function withoutName(text: string, property: string | undefined): string {
  return property !== undefined && text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}
