/** An environment variable of the shop cannot be used. */
export class ShopOptionsError extends Error {
  override readonly name = 'ShopOptionsError';

  constructor(
    readonly variable: string,
    problem: string,
  ) {
    super(`\`${variable}\` ${problem}`);
  }
}
