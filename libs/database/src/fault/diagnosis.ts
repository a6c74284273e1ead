import { readProperty } from '../common/safe-read.js';
import { judgeSystemCode, judgeText } from './driver-texts.js';
import { collectEvidence, type Evidence, type FaultSource } from './evidence.js';
import { judgeAdapterKind, judgePrismaCode } from './prisma-codes.js';
import { judgeRedisReply } from './redis-replies.js';
import { judgeSqlState } from './sqlstate.js';
import type { Verdict, VerdictKind } from './verdict.js';

/** What happened, who says so, and all that was said. */
export interface Diagnosis {
  readonly verdict: Verdict;
  readonly source: FaultSource;
  readonly evidence: Evidence;
}

/**
 * Finds out what happened. The most exact witness wins: the server's SQLSTATE, then Prisma's code, then what the
 * adapter made of it, Redis' reply, Node's code, and last the sentences of drivers that give no code.
 */
export function diagnose(error: unknown): Diagnosis {
  const evidence = collectEvidence(error);
  const { verdict, source } = hearWitnesses(evidence);
  return { verdict, source, evidence };
}

/**
 * Who threw the error itself, whatever it has for a cause. An application that puts an exception of its own around a
 * database error has decided what its caller is to see.
 */
export function thrownBy(error: unknown): FaultSource {
  const evidence = collectEvidence(error, 0);
  return evidence.library === undefined ? hearWitnesses(evidence).source : 'library';
}

interface Testimony {
  readonly verdict: Verdict;
  readonly source: FaultSource;
}

function hearWitnesses(evidence: Evidence): Testimony {
  const { isPrisma, sqlState, severity, prismaCode, adapterKind, reply, systemCode, syscall } = evidence;
  const driver: FaultSource = isPrisma ? 'prisma' : 'postgres';
  if (sqlState !== undefined) return { verdict: judgeSqlState(sqlState, severity), source: driver };
  if (prismaCode !== undefined) {
    const verdict = judgePrismaCode(prismaCode, evidence.texts[0] ?? '', metaOf(evidence));
    if (verdict !== undefined) return { verdict, source: 'prisma' };
  }
  if (adapterKind !== undefined && isPrisma) {
    const verdict = judgeAdapterKind(adapterKind);
    if (verdict !== undefined) return { verdict, source: 'prisma' };
  }
  if (reply !== undefined) return { verdict: judgeRedisReply(reply), source: 'redis' };
  if (systemCode !== undefined) {
    const verdict = judgeSystemCode(systemCode, syscall);
    const source = evidence.isRedis ? 'redis' : isPrisma ? 'prisma' : 'network';
    if (verdict !== undefined) return { verdict, source };
  }
  return hearTexts(evidence);
}

function hearTexts(evidence: Evidence): Testimony {
  const { isPrisma, isRedis, prismaCode, texts } = evidence;
  for (const text of texts) {
    const rule = judgeText(rawMessageOf(text));
    if (rule === undefined) continue;
    return { verdict: { kind: rule.kind, reason: rule.reason }, source: isPrisma ? 'prisma' : rule.source };
  }
  const isArguments = evidence.nodes.some(
    (node) => readProperty(node, 'name') === 'PrismaClientValidationError',
  );
  const kind: VerdictKind = isArguments ? 'arguments' : 'rejected';
  const reason = prismaCode ?? (isArguments ? 'arguments' : 'not recognised');
  return { verdict: { kind, reason }, source: isPrisma ? 'prisma' : isRedis ? 'redis' : 'unknown' };
}

/** Inside P2010 without a code of the server: ``Raw query failed. Code: `N/A`. Message: `…` ``. */
function rawMessageOf(text: string): string {
  return /Code: `N\/A`\. Message: `(.*)`$/.exec(text)?.[1] ?? text;
}

function metaOf({ nodes }: Evidence): unknown {
  for (const node of nodes) {
    const meta = readProperty(node, 'meta');
    if (meta !== undefined) return meta;
  }
  return undefined;
}
