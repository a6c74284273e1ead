import { applyDecorators } from '@nestjs/common';
import { Transform, Type } from 'class-transformer';
import { IsInt, IsString, Length, Matches, Max, Min, ValidateIf } from 'class-validator';
import { MAX_INT } from './id.pipe.js';

/** May be left out; unlike `IsOptional`, null is not taken for absent. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object, value: unknown) => value !== undefined);
}

/** A trimmed text of `min` to `max` characters. PostgreSQL cannot store the character NUL. */
export function IsText(min: number, max: number): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value)),
    IsString(),
    Length(min, max),
    Matches(/^[^\0]*$/, { message: 'must not contain the character NUL' }),
  );
}

export function IsWholeNumber(min: number, max: number): PropertyDecorator {
  return applyDecorators(IsInt(), Min(min), Max(max));
}

/** An id in a body. */
export function IsId(): PropertyDecorator {
  return IsWholeNumber(1, MAX_INT);
}

/** A number of the query string, where everything arrives as text. */
export function FromQuery(): PropertyDecorator {
  return Type(() => Number);
}
