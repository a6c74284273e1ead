import { fileURLToPath } from 'node:url';

/** Two levels up from this file: the library itself, in `src` as in `dist`. */
const LIBRARY = fileURLToPath(new URL('..', import.meta.url));
const FOREIGN = /^node:|[\\/]node_modules[\\/]|[\\/]generated[\\/]|^<|^native/;
const MAX_FRAMES = 100;

/**
 * The first place outside the library, Prisma and Node on the way to here, as `file:line:column`; undefined where the
 * engine has lost the way.
 */
export function findCallSite(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = MAX_FRAMES;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  for (const line of stack.split('\n').slice(1)) {
    const location = /\(?((?:file:|node:|[\\/]|[A-Za-z]:[\\/]).*:\d+:\d+)\)?$/.exec(line.trim())?.[1];
    if (location === undefined) continue;
    const path = location.replace(/^file:\/\//, '');
    if (!FOREIGN.test(path) && !path.startsWith(LIBRARY)) return path;
  }
  return undefined;
}
