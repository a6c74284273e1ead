/** What a cell can hold; everything that is not a text comes from a column of numbers or dates. */
export type CsvValue =
  string | number | bigint | boolean | Date | null | { toFixed(digits?: number): string };

/**
 * Spreadsheets run a cell that begins like this as a formula, also behind blanks and in the wide forms of East Asia; with
 * `=HYPERLINK(…)` as the name of a customer, whoever opens the file sends its content away.
 */
const FORMULA = /^(?:[\s\p{Cf}]*[=+\-@＝＋－＠]|[\t\r\n])/u;
const NEEDS_QUOTES = /[",;\r\n]|^\s|\s$/;

/** One line as RFC 4180 has it. Texts that a spreadsheet would run get an apostrophe in front; numbers stay numbers. */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(cell).join(',')}\r\n`;
}

function cell(value: CsvValue): string {
  if (typeof value === 'string') return quote(FORMULA.test(value) ? `'${value}` : value);
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? value.toFixed() : String(value);
}

function quote(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
