import { constants, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Server } from 'node:net';

/**
 * The same as `HttpDrain` for the HTTP/2 sessions of a server: each is told to open no more streams (GOAWAY), and goes
 * when the streams it has are answered.
 *
 * `server.close()` alone tells the sessions nothing before Node 24, and waits for as long as their clients like.
 */
export class Http2Drain {
  private readonly sessions = new Map<Http2Session, Set<ServerHttp2Stream>>();

  constructor(private readonly server: Server) {
    server.on('session', this.onSession);
    server.prependListener('stream', this.onStream);
  }

  /**
   * Closes the sessions there are. A stream that is on its way meanwhile has not been taken, which its client learns,
   * so that it may send the request again elsewhere.
   */
  close(): void {
    for (const session of this.sessions.keys()) session.close();
  }

  /** Ends the streams whose clients are still sending their requests. */
  cutIncomplete(): void {
    for (const streams of this.sessions.values()) {
      for (const stream of streams) {
        if (stream.state.remoteClose !== 1) stream.close(constants.NGHTTP2_CANCEL);
      }
    }
  }

  /** Ends every session, whatever it is doing. */
  cut(): void {
    for (const session of this.sessions.keys()) session.destroy();
  }

  /** Takes back everything this has put on the server. */
  end(): void {
    this.server.off('session', this.onSession);
    this.server.off('stream', this.onStream);
    this.sessions.clear();
  }

  private readonly onSession = (session: Http2Session) => {
    this.sessions.set(session, new Set());
    session.once('close', () => this.sessions.delete(session));
  };

  private readonly onStream = (stream: ServerHttp2Stream) => {
    const streams = stream.session === undefined ? undefined : this.sessions.get(stream.session);
    if (streams === undefined) return;
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
  };
}
