/** The property of a value of any kind; undefined where there is none, or where reading it throws. */
export function readProperty(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return Reflect.get(value, key) as unknown;
  } catch {
    return undefined;
  }
}

/** The property where it is a text that is not empty. */
export function readText(value: unknown, key: string): string | undefined {
  const text = readProperty(value, key);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** The value as a list, empty where it is none. */
export function readList(value: unknown, key: string): readonly unknown[] {
  const list = readProperty(value, key);
  try {
    return Array.isArray(list) ? [...(list as unknown[])] : [];
  } catch {
    return [];
  }
}

/** `value instanceof type` that never throws, whatever traps the value has. */
export function isInstance<Type>(
  value: unknown,
  type: abstract new (...parameters: never[]) => Type,
): value is Type {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}
