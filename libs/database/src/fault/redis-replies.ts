import type { ExhaustedResource } from '../errors/query.errors.js';
import type { Verdict, VerdictKind } from './verdict.js';

/** The first word of an error reply is its class (https://redis.io/docs/latest/develop/reference/protocol-spec/). */
const BY_WORD: Readonly<Record<string, VerdictKind>> = {
  WRONGPASS: 'auth',
  NOAUTH: 'auth',
  NOPERM: 'auth',
  LOADING: 'unavailable',
  BUSY: 'unavailable',
  MASTERDOWN: 'unavailable',
  CLUSTERDOWN: 'unavailable',
  TRYAGAIN: 'unavailable',
  READONLY: 'read-only',
};
const RESOURCES: Readonly<Record<string, ExhaustedResource>> = {
  OOM: 'memory',
  MISCONF: 'disk',
  NOREPLICAS: 'other',
};
const WORD = /^-?([A-Z][A-Z0-9]{1,30})\b/;

/** What an error reply of Redis means; every reply that is not known means that the command was rejected. */
export function judgeRedisReply(message: string): Verdict {
  const word = WORD.exec(message)?.[1] ?? 'ERR';
  const known = BY_WORD[word];
  if (known !== undefined) return { kind: known, reason: word };
  const resource = RESOURCES[word];
  if (resource !== undefined) return { kind: 'resource', resource, reason: word };
  if (/^ERR (AUTH|invalid password|Client sent AUTH)/i.test(message))
    return { kind: 'auth', reason: 'ERR AUTH' };
  if (/^ERR max number of clients/i.test(message)) {
    return { kind: 'resource', resource: 'connections', reason: 'ERR max number of clients reached' };
  }
  return { kind: 'rejected', reason: word };
}
