import { isInstance, readList, readProperty, readText } from '../common/safe-read.js';
import { DatabaseError } from '../errors/database.error.js';
import { isSqlState } from './sqlstate.js';

const MAX_DEPTH = 5;
const MAX_NODES = 40;
const PRISMA_NAME = /^(PrismaClient\w*Error|DriverAdapterError|UserFacingError|TransactionManagerError)$/;
const PRISMA_CODE = /^P[1-6]\d{3}$/;
const REDIS_NAME = /^(ReplyError|MaxRetriesPerRequestError|ClusterAllFailedError|ParserError)$/;

/**
 * Who raised an error. `network` may be anybody's socket, `unknown` any code of the application.
 *
 * @public
 */
export type FaultSource = 'library' | 'prisma' | 'postgres' | 'redis' | 'network' | 'unknown';

/** What the layers of an error say, the outermost first where several say the same kind of thing. */
export interface Evidence {
  readonly nodes: readonly unknown[];
  library?: DatabaseError;
  isPrisma: boolean;
  isServer: boolean;
  isRedis: boolean;
  sqlState?: string;
  severity?: string;
  prismaCode?: string;
  adapterKind?: string;
  systemCode?: string;
  syscall?: string;
  reply?: string;
  readonly texts: string[];
}

/**
 * Reads an error of any shape: never throws, never goes round in circles, five layers deep at most. A `depth` of 0
 * reads the outermost error alone.
 */
export function collectEvidence(error: unknown, depth = MAX_DEPTH): Evidence {
  const nodes = layersOf(error, depth);
  const evidence: Evidence = { nodes, isPrisma: false, isServer: false, isRedis: false, texts: [] };
  for (const node of nodes) {
    if (isInstance(node, DatabaseError)) {
      evidence.library ??= node;
      continue;
    }
    readNames(node, evidence);
    readCodes(node, evidence);
  }
  return evidence;
}

/** The error, what its adapter wrapped, its causes, the first of several errors, the last error of a cluster. */
function layersOf(error: unknown, maxDepth: number): readonly unknown[] {
  const nodes: unknown[] = [];
  const seen = new Set<unknown>();
  let layer: unknown[] = [error];
  for (let depth = 0; depth <= maxDepth && layer.length > 0; depth += 1) {
    const next: unknown[] = [];
    for (const node of layer) {
      if (seen.has(node) || nodes.length >= MAX_NODES) continue;
      seen.add(node);
      nodes.push(node);
      if (isInstance(node, DatabaseError)) continue;
      const meta = readProperty(node, 'meta');
      next.push(
        readProperty(meta, 'databaseError'),
        readProperty(meta, 'driverAdapterError'),
        readProperty(node, 'cause'),
        ...readList(node, 'errors'),
        readProperty(node, 'lastNodeError'),
      );
    }
    layer = next.filter((value) => typeof value === 'object' && value !== null);
  }
  return nodes;
}

function readNames(node: unknown, evidence: Evidence): void {
  const name = readText(node, 'name') ?? '';
  const message = readText(node, 'message') ?? '';
  const isPrisma = PRISMA_NAME.test(name);
  if (isPrisma) evidence.isPrisma = true;
  const hasCommand = readList(readProperty(node, 'command'), 'args').length > 0;
  if (REDIS_NAME.test(name) || hasCommand) evidence.isRedis = true;
  if (name === 'ReplyError') evidence.reply ??= message;
  // Prisma shows the caller's source in front of what it has to say.
  if (message !== '') evidence.texts.push(isPrisma ? lastLine(message) : message);
}

function readCodes(node: unknown, evidence: Evidence): void {
  const code = readText(node, 'code') ?? readText(node, 'errorCode') ?? '';
  const severity = readText(node, 'severity');
  // Other systems have codes of five characters too, so the shape has to be that of pg, or Prisma's around it.
  const original = evidence.isPrisma ? readText(node, 'originalCode') : undefined;
  const isServers =
    /^[0-9A-Z]{5}$/.test(code) && (severity !== undefined || (evidence.isPrisma && isSqlState(code)));
  if (severity !== undefined) evidence.severity ??= severity;
  if (original !== undefined || isServers) {
    evidence.sqlState ??= original ?? code;
    evidence.isServer = true;
  }
  const kind = readText(node, 'kind');
  if (kind !== undefined) evidence.adapterKind ??= kind;
  // An application that hands on the code of an error is not Prisma, whose errors all have its names.
  if (evidence.isPrisma && PRISMA_CODE.test(code)) {
    evidence.prismaCode ??= code;
  } else if (code !== '' && !isServers) {
    if (evidence.systemCode !== undefined) return;
    evidence.systemCode = code;
    const syscall = readText(node, 'syscall');
    if (syscall !== undefined) evidence.syscall = syscall;
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}
