import { inspect } from 'node:util';

/** A password with everything that a URL has to escape. */
export const SENTINEL = 'S3ntinel/w0rd+of: a@user?#100%';

/** The middle of `text` in base64 for each of the three ways it can lie in a longer text. */
const base64Forms = (text: string) =>
  [0, 1, 2].map((offset) =>
    Buffer.from('x'.repeat(offset) + text)
      .toString('base64')
      .slice(offset === 0 ? 0 : 4, -4),
  );

const FORMS = [
  SENTINEL,
  encodeURIComponent(SENTINEL),
  encodeURI(SENTINEL),
  new URLSearchParams({ p: SENTINEL }).toString().slice(2),
  JSON.stringify(SENTINEL).slice(1, -1),
  ...base64Forms(SENTINEL),
];

/** The places at which the sentinel password shows, in any of its forms; what was thrown is looked at as a logger would. */
export function findSecrets(seen: readonly unknown[]): string[] {
  return seen.flatMap(renderings).filter((text) => FORMS.some((form) => text.includes(form)));
}

function renderings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  const texts = [inspect(value, { depth: 12 }), String(value), serialised(value)];
  for (let error = value; error instanceof Error; error = error.cause)
    texts.push(error.message, error.stack ?? '');
  return texts;
}

function serialised(value: unknown): string {
  try {
    return JSON.stringify(value, Object.getOwnPropertyNames(Object(value))) + JSON.stringify(value);
  } catch {
    // What cannot be serialised cannot be logged that way either.
    return '';
  }
}
