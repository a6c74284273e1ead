import type { RawNode } from 'kysely';
import { kysely } from '../kysely-module.js';

let made: Readonly<Record<'asc' | 'desc', RawNode>> | undefined;

/** The node of a direction: always one of two, so that the compiler knows them from SQL of the caller's. */
export function directionNode(direction: 'asc' | 'desc'): RawNode {
  made ??= {
    asc: kysely().RawNode.createWithSql('asc'),
    desc: kysely().RawNode.createWithSql('desc'),
  };
  return made[direction];
}

export function isDirection(node: RawNode): boolean {
  return made !== undefined && (node === made.asc || node === made.desc);
}
