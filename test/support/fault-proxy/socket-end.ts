import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** Its own half of the connection is on its way to the other side. */
const isEnding = ({ writableEnded, writableFinished }: Socket) => writableEnded && !writableFinished;

/**
 * Cuts a connection with a reset.
 *
 * A socket of Node that is reset, or destroyed after that, while its end is on its way says EINVAL, stays open for good and
 * never tells of its close, as libuv refuses that (`uv_tcp_close_reset`, `UV_EINVAL`): the end is waited for.
 */
export function resetSocket(socket: Socket): void {
  if (isEnding(socket)) socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}

/** Leaves nothing of a connection, at once but for an end that is on its way; one that nobody reads is not waited for. */
export async function destroySocket(socket: Socket): Promise<void> {
  // What is on its way is there with the next turn of the event loop.
  if (isEnding(socket)) await turn();
  socket.destroy();
}
