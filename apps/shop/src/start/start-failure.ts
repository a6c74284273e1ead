/** One sentence, or the few that belong together, for whoever has tried to start the shop. */
export function explainStartFailure(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return `The shop could not be started: ${String(error)}`;
  if (debug) return `The shop could not be started: ${error.stack ?? error.message}${causeOf(error)}`;
  return `The shop could not be started: ${listenProblem(error) ?? error.message}`;
}

function listenProblem(error: Error): string | undefined {
  const { code, syscall, address, port } = error as Partial<
    Record<'code' | 'syscall' | 'address' | 'port', unknown>
  >;
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return undefined;
  const where = `${String(address)}:${String(port)}`;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${String(port)} is in use on ${String(address)}. Stop who uses it, or choose another: PORT=3001 npm start.`;
    case 'EACCES':
      return `This user may not listen on ${where}. Choose a port above 1023 with PORT.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST names no address of this machine (${String(code)}). Use 127.0.0.1, or 0.0.0.0 for all addresses.`;
    default:
      return undefined;
  }
}

function causeOf({ cause }: Error): string {
  if (!(cause instanceof Error)) return '';
  return `\nCaused by: ${cause.stack ?? cause.message}${causeOf(cause)}`;
}
