/** The one currency that the tills take and give, so that the cash in them has one sum. */
export const TILL_CURRENCY = 'EUR';
