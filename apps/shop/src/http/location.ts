/** The part of a response that is used beside its body. */
export interface HeaderBag {
  setHeader(name: string, value: string): unknown;
}

export const LOCATION_HEADER = {
  Location: { description: 'Where the new record can be read.', schema: { type: 'string' as const } },
};
