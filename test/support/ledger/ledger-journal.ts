import { readFileSync } from 'node:fs';

/** What the application has written down, by event; an event may come several times for a key. */
export class LedgerJournal {
  private constructor(private readonly keys: ReadonlyMap<string, readonly string[]>) {}

  static read(path: string): LedgerJournal {
    const keys = new Map<string, string[]>();
    // A line without its end is one that was being written when the application was killed.
    for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
      const [event = '', key = '', code = ''] = line.split(' ');
      for (const name of [event, `${event} ${code}`]) {
        const list = keys.get(name) ?? [];
        list.push(key);
        keys.set(name, list);
      }
    }
    return new LedgerJournal(keys);
  }

  of(event: string): readonly string[] {
    return this.keys.get(event) ?? [];
  }

  /** All that was noted about a key. */
  about(key: string): string {
    const events = [...this.keys].filter(([event, keys]) => event.includes(' ') && keys.includes(key));
    return `${key}: ${events.map(([event]) => event).join(', ')}`;
  }

  /** How often everything came, by event and code. */
  get counts(): Record<string, number> {
    const rows = [...this.keys].filter(([event]) => event.includes(' '));
    return Object.fromEntries(rows.map(([event, { length }]) => [event.replace(/ -$/, ''), length]));
  }
}
