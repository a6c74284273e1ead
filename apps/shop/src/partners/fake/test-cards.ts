/** How a test card behaves when it is charged. */
export interface TestCard {
  readonly means: string;
  /** Why it is declined. */
  readonly declined?: string;
  /** How often the gateway has no time for it before it does. */
  readonly busy?: number;
  /** What becomes of the answer to a charge that was carried out. `late`: of the first one, which is later than anybody waits. */
  readonly answer?: 'late' | 'cut' | 'none';
}

/** The cards that the fake gateway knows, as real gateways have them for tests. */
export const TEST_CARDS: ReadonlyMap<string, TestCard> = new Map([
  ['tok_visa', { means: 'is charged' }],
  ['tok_declined', { means: 'is declined', declined: 'card_declined' }],
  ['tok_no_funds', { means: 'is declined, as there is no money', declined: 'insufficient_funds' }],
  ['tok_busy', { means: 'is charged at the third request; 503 before', busy: 2 }],
  ['tok_slow', { means: 'is charged, and the first answer comes too late', answer: 'late' }],
  ['tok_cut', { means: 'is charged, and every answer is cut off', answer: 'cut' }],
  ['tok_silent', { means: 'is charged, and no answer ever comes', answer: 'none' }],
]);
