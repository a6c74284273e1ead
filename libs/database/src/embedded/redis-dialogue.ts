import { converse, type Dialogue, DialogueBrokenError } from './loopback-dialogue.js';

/** What listens on a port: our server, one that loads or stops, somebody else's program, or nothing. */
export type RedisGreeting =
  { readonly kind: 'welcome'; readonly pid: number } | { readonly kind: 'busy' | 'stranger' | 'silence' };

const MAX_LINE_BYTES = 512;
const MAX_BULK_BYTES = 65_536;

/** Knocks at the server on the port; only a server that knows the password is ours. */
export async function greetRedis(port: number, password: string): Promise<RedisGreeting> {
  try {
    return await converse(port, async (dialogue) => {
      dialogue.send(command('AUTH', password));
      const answer = await readLine(dialogue);
      if (answer !== '+OK') return { kind: answer.startsWith('-LOADING') ? 'busy' : 'stranger' };
      dialogue.send(command('INFO', 'server'));
      const length = /^\$(\d+)$/.exec(await readLine(dialogue))?.[1];
      if (length === undefined || Number(length) > MAX_BULK_BYTES) return { kind: 'stranger' };
      const pid = /^process_id:(\d+)/m.exec((await dialogue.read(Number(length))).toString('latin1'))?.[1];
      return pid === undefined ? { kind: 'stranger' } : { kind: 'welcome', pid: Number(pid) };
    });
  } catch (error) {
    if (!(error instanceof DialogueBrokenError)) throw error;
    return { kind: ({ refused: 'silence', closed: 'stranger', timeout: 'busy' } as const)[error.reason] };
  }
}

function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

async function readLine(dialogue: Dialogue): Promise<string> {
  let line = '';
  while (!line.endsWith('\r\n')) {
    if (line.length > MAX_LINE_BYTES) throw new DialogueBrokenError('closed');
    line += (await dialogue.read(1)).toString('latin1');
  }
  return line.slice(0, -2);
}
