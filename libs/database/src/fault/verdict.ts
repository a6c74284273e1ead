import type { ExhaustedResource } from '../errors/query.errors.js';

/**
 * What happened, before it is weighed what that means for the operation.
 *
 * `lost`: the connection broke with the operation under way. `lost-unsent`: it was broken before. `cancelled`: the
 * server ended the operation. `silent`: a deadline on this side passed, the server may still work on it.
 */
export type Verdict =
  | { readonly kind: VerdictKind; readonly reason: string }
  | { readonly kind: 'resource'; readonly resource: ExhaustedResource; readonly reason: string };

export type VerdictKind =
  | 'unavailable'
  | 'pool-timeout'
  | 'auth'
  | 'tls'
  | 'shutting-down'
  | 'lost'
  | 'lost-unsent'
  | 'outcome-unknown'
  | 'cancelled'
  | 'silent'
  | 'lock'
  | 'serialization'
  | 'deadlock'
  | 'read-only'
  | 'schema'
  | 'unique'
  | 'foreign-key'
  | 'not-null'
  | 'check'
  | 'data'
  | 'begin-timeout'
  | 'work-timeout'
  | 'scope-closed'
  | 'not-found'
  | 'arguments'
  | 'rejected';
