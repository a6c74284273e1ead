/** What extensions do to the reads of a model. */
export interface ExtensionEffect {
  /** They look at queries and may change them: only a query that Prisma sends is subject to them. */
  readonly changesQueries: boolean;
  /** They compute fields: only records that Prisma returns have them. */
  readonly changesResults: boolean;
}

const ALL: ExtensionEffect = { changesQueries: true, changesResults: true };

interface Extensions {
  isEmpty(): boolean;
  getAllQueryCallbacks(model: string, operation: string): readonly unknown[];
  getAllComputedFields(model: string): object | undefined;
}

/**
 * What the client's extensions do to `findMany` of a model. Prisma holds them under a name that is not documented (7.10);
 * where it has another shape everything is taken for extended, which is slower and never wrong.
 */
export function extensionEffect(client: unknown, model: string): ExtensionEffect {
  const extensions = (client as { readonly _extensions?: Partial<Extensions> })._extensions;
  if (
    typeof extensions?.isEmpty !== 'function' ||
    typeof extensions.getAllQueryCallbacks !== 'function' ||
    typeof extensions.getAllComputedFields !== 'function'
  ) {
    return ALL;
  }
  if (extensions.isEmpty()) return { changesQueries: false, changesResults: false };
  const fields = extensions.getAllComputedFields(model);
  return {
    changesQueries: extensions.getAllQueryCallbacks(model, 'findMany').length > 0,
    changesResults: fields !== undefined && Object.keys(fields).length > 0,
  };
}
