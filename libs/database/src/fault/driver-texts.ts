import type { Verdict, VerdictKind } from './verdict.js';

/** Node's codes of sockets and name resolution, raised before anything could be sent. */
const UNREACHABLE = new Set([
  'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL',
  'EMFILE', 'ENFILE', 'ERR_SOCKET_CONNECTION_TIMEOUT',
]); // prettier-ignore
/** Raised while connecting as well as in the middle of a conversation. */
const BROKEN = new Set([
  'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETRESET', 'ENOTCONN',
  'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_SOCKET_CLOSED',
]); // prettier-ignore
const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|EPROTO$)/;
/** A socket in the file system that is missing or not ours to open. */
const UNIX_SOCKET = new Set(['ENOENT', 'EACCES', 'EPERM']);

export function judgeSystemCode(code: string, syscall: string | undefined): Verdict | undefined {
  if (UNREACHABLE.has(code)) return { kind: 'unavailable', reason: code };
  if (BROKEN.has(code)) return { kind: syscall === 'connect' ? 'unavailable' : 'lost', reason: code };
  if (TLS_CODE.test(code)) return { kind: 'tls', reason: code };
  if (UNIX_SOCKET.has(code) && syscall === 'connect') return { kind: 'unavailable', reason: code };
  return undefined;
}

export interface TextRule {
  readonly pattern: RegExp;
  readonly kind: VerdictKind;
  readonly reason: string;
  readonly source: 'postgres' | 'redis';
}

/** What pg 8.23, pg-pool 3.14, Prisma 7.10 and ioredis 6.0 say without a code of any kind. */
const TEXTS: readonly TextRule[] = [
  pg(/^timeout exceeded when trying to connect$/, 'pool-timeout', 'no connection became free'),
  pg(/^(timeout expired|Connection terminated due to connection timeout)$/, 'unavailable', 'connect timeout'),
  pg(/^Connection (terminated|ended)( unexpectedly)?\.?$/, 'lost', 'connection terminated'),
  pg(/\bis not queryable$/, 'lost-unsent', 'connection already broken'),
  pg(/^Client has already been connected\b/, 'rejected', 'client used twice'),
  pg(/^Cannot use a pool after calling end on the pool$/, 'shutting-down', 'pool closed'),
  pg(/^Query read timeout$/, 'silent', 'no answer in time'),
  pg(/^Received unexpected \w+ message from backend\.$/, 'lost', 'unexpected message of the server'),
  pg(/^(The server does not support SSL connections|There was an error establishing an SSL connection)$/, 'tls', 'TLS refused by the server'),
  pg(/^SASL: |^Password must be a string$/, 'auth', 'SASL'),
  pg(/^Server has closed the connection\.$/, 'lost', 'connection closed by the server'),
  pg(/^Can't reach database server\b/, 'unavailable', 'not reachable'),
  redis(/^Reached the max retries per request limit\b/, 'lost', 'retries used up'),
  redis(/^Connection is closed\.$/, 'lost', 'connection closed'),
  redis(/^Stream isn't writeable and enableOfflineQueue options is false$/, 'unavailable', 'not connected'),
  redis(/^Cluster isn't ready and enableOfflineQueue options is false$/, 'unavailable', 'not connected'),
  redis(/^(None of startup nodes is available|Failed to refresh slots cache\.|Cluster is disconnect(ed|ing)\.|Node is disconnected)$/, 'unavailable', 'no node of the cluster answers'),
  redis(/^Too many Cluster redirections\b/, 'unavailable', 'too many redirections'),
  redis(/^All sentinels are unreachable\b/, 'unavailable', 'no sentinel answers'),
  redis(/^connect ETIMEDOUT$/, 'unavailable', 'connect timeout'),
  redis(/^Command timed out$/, 'silent', 'no answer in time'),
  redis(/^Socket timeout\. Expecting data\b/, 'lost', 'socket timeout'),
  redis(/^(Unknown RESP type|Command queue state error|Protocol error)\b/, 'lost', 'unexpected reply of the server'),
]; // prettier-ignore

export function judgeText(text: string): TextRule | undefined {
  return TEXTS.find(({ pattern }) => pattern.test(text));
}

function pg(pattern: RegExp, kind: VerdictKind, reason: string): TextRule {
  return { pattern, kind, reason, source: 'postgres' };
}

function redis(pattern: RegExp, kind: VerdictKind, reason: string): TextRule {
  return { pattern, kind, reason, source: 'redis' };
}
