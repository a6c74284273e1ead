/** What Prisma's clients have by themselves; everything else that begins like them comes from an extension. */
const OWN_METHODS = new Set<PropertyKey>([
  '$connect', '$disconnect', '$executeRaw', '$executeRawUnsafe', '$extends', '$on', '$queryRaw', '$queryRawTyped',
  '$queryRawUnsafe', '$transaction',
]); // prettier-ignore

export function isOwnMethod(property: PropertyKey): boolean {
  return OWN_METHODS.has(property);
}

/** A member of a client; Prisma's own methods keep their client wherever they are called. */
export function member(client: object, property: PropertyKey): unknown {
  const value: unknown = Reflect.get(client, property);
  if (typeof value !== 'function' || !isOwnMethod(property)) return value;
  return (value as (...parameters: unknown[]) => unknown).bind(client);
}

/** Whether it is the delegate of a model. */
export function isDelegate(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'findMany' in value;
}
