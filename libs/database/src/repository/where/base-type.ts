/** The type without its length or precision: `numeric(8,3)` is `numeric`. */
export function baseType(sqlType: string): string {
  return sqlType.replace(/\(\d+(,-?\d+)?\)/, '');
}
