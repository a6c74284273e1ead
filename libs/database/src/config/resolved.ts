/** Options after their resolver has run: nothing is missing, and nothing is undefined. */
export type Resolved<Options> = {
  readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined>;
};
