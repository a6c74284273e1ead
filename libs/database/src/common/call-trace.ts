/** Where something was called. */
export interface CallTrace {
  /** A first line that says nothing, then the frames; made when it is read. */
  readonly stack?: string;
}

/**
 * Notes the place of the caller; the text is only made when it is read.
 *
 * @param below - leaves out this function and all that it has called
 * @param depth - how many frames are noted; each costs about a microsecond
 */
export function traceCaller(below: (...parameters: never[]) => unknown, depth: number): CallTrace {
  const trace: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = depth;
  Error.captureStackTrace(trace, below);
  Error.stackTraceLimit = limit;
  return trace;
}
