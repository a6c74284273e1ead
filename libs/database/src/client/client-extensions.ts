/** What the client's extensions do to some operations on a model. */
export interface ExtensionEffect {
  /** They look at queries and may change them: only a query that Prisma sends is subject to them. */
  readonly changesQueries: boolean;
  /** They compute fields: only records that Prisma returns have them. */
  readonly changesResults: boolean;
  /** Whether they compute this one, and so replace what its column holds. */
  computes(field: string): boolean;
}

const ALL: ExtensionEffect = { changesQueries: true, changesResults: true, computes: () => true };
const NONE: ExtensionEffect = { changesQueries: false, changesResults: false, computes: () => false };

interface Extensions {
  isEmpty(): boolean;
  getAllQueryCallbacks(model: string, operation: string): readonly unknown[];
  getAllModelExtensions(model: string): object | undefined;
  getAllComputedFields(model: string): object | undefined;
}

/**
 * What the client's extensions do to the operations on a model. Prisma holds them under a name that is not documented
 * (7.10); where it has another shape everything is taken for extended, which costs time or a word of the caller's, and is
 * never wrong.
 *
 * @param model - the delegate, such as `orderItem`
 */
export function extensionEffect(
  client: object,
  model: string,
  operations: readonly string[],
): ExtensionEffect {
  const extensions = extensionsOf(client);
  if (extensions === undefined) return ALL;
  if (extensions.isEmpty()) return NONE;
  const methods = extensions.getAllModelExtensions(model) ?? {};
  const fields = extensions.getAllComputedFields(model) ?? {};
  return {
    changesQueries: operations.some(
      (operation) =>
        extensions.getAllQueryCallbacks(model, operation).length > 0 || Object.hasOwn(methods, operation),
    ),
    changesResults: Object.keys(fields).length > 0,
    computes: (field) => Object.hasOwn(fields, field),
  };
}

/** Whether the client is as Prisma has generated it: no extension can see who asks, or answer in Prisma's place. */
export function isPlainClient(client: object): boolean {
  return extensionsOf(client)?.isEmpty() === true;
}

function extensionsOf(client: object): Extensions | undefined {
  const extensions = Reflect.get(client, '_extensions') as Partial<Extensions> | null | undefined;
  const isKnown =
    typeof extensions?.isEmpty === 'function' &&
    typeof extensions.getAllQueryCallbacks === 'function' &&
    typeof extensions.getAllModelExtensions === 'function' &&
    typeof extensions.getAllComputedFields === 'function';
  return isKnown ? (extensions as Extensions) : undefined;
}
