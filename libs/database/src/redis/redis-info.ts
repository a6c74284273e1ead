const SHOWN: Readonly<Record<string, string>> = {
  redis_version: 'version',
  role: 'role',
  used_memory: 'usedMemoryBytes',
  connected_clients: 'connectedClients',
};

/** The figures people ask for first, out of the text that INFO answers. */
export function parseInfo(text: string): Record<string, string | number> {
  const details: Record<string, string | number> = {};
  for (const line of text.split('\r\n')) {
    const separator = line.indexOf(':');
    const name = SHOWN[line.slice(0, separator)];
    if (separator < 0 || name === undefined) continue;
    const value = line.slice(separator + 1);
    details[name] = /^\d+$/.test(value) ? Number(value) : value;
  }
  return details;
}
