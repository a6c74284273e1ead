import type { PipeTransform } from '@nestjs/common';
import { badFields } from './field-problems.js';

export const MAX_INT = 2_147_483_647;
const MAX_BIGINT = 9_223_372_036_854_775_807n;
const DIGITS = /^[1-9]\d{0,18}$/;

function refuse(name: string | undefined, max: bigint): never {
  throw badFields([{ path: name ?? 'id', problems: [`must be a whole number from 1 to ${max}`] }]);
}

/** An id of the size of PostgreSQL's `integer`; anything else is a 400 and never reaches the database. */
export class IntIdPipe implements PipeTransform<string, number> {
  transform(value: string, { data }: { data?: string | undefined }): number {
    if (!DIGITS.test(value) || Number(value) > MAX_INT) refuse(data, BigInt(MAX_INT));
    return Number(value);
  }
}

/** An id of the size of PostgreSQL's `bigint`. */
export class BigIntIdPipe implements PipeTransform<string, bigint> {
  transform(value: string, { data }: { data?: string | undefined }): bigint {
    if (!DIGITS.test(value) || BigInt(value) > MAX_BIGINT) refuse(data, MAX_BIGINT);
    return BigInt(value);
  }
}
