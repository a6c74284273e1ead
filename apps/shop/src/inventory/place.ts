import type { Storage } from '../generated/prisma/client.js';

/** Where goods are: on the shop floor, from where they are sold, or in a storage. */
export interface Place {
  readonly code: string;
  readonly name: string;
  /** Null is the shop floor. */
  readonly storageId: number | null;
}

export const FLOOR: Place = { code: 'FLOOR', name: 'Shop floor', storageId: null };

export function placeOf({ id, code, name }: Storage): Place {
  return { code, name, storageId: id };
}

/**
 * The order in which the rows of one product are locked: the floor first, then the storages. Together with the order of the
 * products it is one order for all rows of stock, whoever carries what where.
 */
export function byLockOrder(left: Place, right: Place): number {
  return (left.storageId ?? 0) - (right.storageId ?? 0);
}
