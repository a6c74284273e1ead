import { isInstance, readList, readProperty, readText } from '../common/safe-read.js';
import { withoutValues } from './server-text.js';

const MAX_DEPTH = 5;
/** Facts of a driver's error that are names and codes. PostgreSQL's `detail`, `hint` and `where` hold rows. */
const KEPT = [
  'code', 'errorCode', 'originalCode', 'kind', 'severity', 'schema', 'table', 'column', 'constraint', 'dataType', 'routine',
  'errno', 'syscall', 'address', 'hostname', 'host', 'port', 'clientVersion',
] as const; // prettier-ignore
const META_KEPT = ['modelName', 'model', 'target', 'table', 'operation', 'relation', 'timeout', 'timeTaken'];
const PRISMA_NAME = /^(PrismaClient\w*Error|DriverAdapterError|UserFacingError|TransactionManagerError)$/;
const REDIS_NAME = /^(ReplyError|MaxRetriesPerRequestError|ClusterAllFailedError|ParserError)$/;
const FRAME = /^\s+at /;
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** On the copies, so that the error around one is not copied for its sake. */
const SAFE = Symbol('safe');

/**
 * A driver's error as `cause`: name, codes and stack are kept; what may hold rows, parameters or passwords is not.
 * An error that no driver made is returned as it is.
 */
export function safeCause(error: unknown, depth = 0): unknown {
  const origin = originOf(error);
  const inner = innerOf(error, origin);
  const safeInner = inner === undefined || depth >= MAX_DEPTH ? undefined : safeCause(inner, depth + 1);
  if (origin === undefined && safeInner === inner) return error;
  const name = readText(error, 'name') ?? 'Error';
  const message = describe(error, origin);
  const copy = new Error(message, safeInner === undefined ? undefined : { cause: safeInner });
  Object.defineProperty(copy, SAFE, { value: true });
  define(copy, 'name', name);
  define(copy, 'stack', [`${name}: ${message}`, ...framesOf(error)].join('\n'));
  copyNames(error, copy, KEPT);
  const meta = metaOf(error, depth);
  if (meta !== undefined) Object.assign(copy, { meta });
  const command = readText(readProperty(error, 'command'), 'name');
  if (command !== undefined) Object.assign(copy, { command: { name: command } });
  return copy;
}

/** The adapter of Prisma puts texts of the server under `cause`, which are dropped. */
function innerOf(error: unknown, origin: Origin | undefined): unknown {
  const inner = readProperty(error, 'cause') ?? readList(error, 'errors')[0];
  return origin === undefined || typeof inner === 'object' ? inner : undefined;
}

type Origin = 'postgres' | 'prisma' | 'redis';

function originOf(error: unknown): Origin | undefined {
  if (typeof error !== 'object' || error === null || isSafe(error)) return undefined;
  const name = readText(error, 'name') ?? '';
  if (PRISMA_NAME.test(name) || readText(error, 'clientVersion') !== undefined) return 'prisma';
  if (readText(error, 'originalCode') !== undefined) return 'prisma';
  if (REDIS_NAME.test(name) || readProperty(readProperty(error, 'command'), 'args') !== undefined)
    return 'redis';
  const isServers = SQLSTATE.test(readText(error, 'code') ?? '');
  if (isServers && (readText(error, 'severity') ?? readText(error, 'detail')) !== undefined)
    return 'postgres';
  return undefined;
}

function isSafe(error: object): boolean {
  try {
    return SAFE in error;
  } catch {
    return false;
  }
}

function describe(error: unknown, origin: Origin | undefined): string {
  const text = readText(error, 'message') ?? '';
  switch (origin) {
    case undefined:
      return text;
    case 'postgres':
      return withoutValues(text) ?? `PostgreSQL says ${readText(error, 'code') ?? 'no code'}${WITHHELD}`;
    case 'redis':
      return /^[A-Z]{2,20}\b/.exec(text)?.[0] ?? withoutArguments(text);
    case 'prisma':
      return describePrisma(error, text);
  }
}

const WITHHELD = ' (its text is left out, as it may hold values)';

function withoutArguments(text: string): string {
  return text.replace(/"[^"]*"|'[^']*'/g, '"…"');
}

function describePrisma(error: unknown, text: string): string {
  const adapter = readProperty(readProperty(error, 'meta'), 'driverAdapterError') ?? error;
  const inner = readProperty(adapter, 'cause');
  const server = typeof inner === 'object' && inner !== null ? inner : adapter;
  const serverText = readText(server, 'originalMessage');
  const code = readText(error, 'code') ?? readText(error, 'errorCode') ?? readText(error, 'name') ?? 'Prisma';
  const state = readText(server, 'originalCode');
  const kind = readText(server, 'kind');
  const said = serverText === undefined ? undefined : withoutValues(serverText);
  const facts = [state, kind, said].filter((fact) => fact !== undefined);
  if (facts.length > 0) return `${code}: ${facts.join(', ')}`;
  // Prisma shows the call with its arguments in front; the last line says what is wrong.
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  return /^P(1|2)\d{3}$/.test(code) || /^(Argument|Unknown|Invalid value|Please)/.test(last)
    ? `${code}: ${withoutArguments(last)}`
    : `${code}${WITHHELD}`;
}

function metaOf(error: unknown, depth: number): object | undefined {
  const meta = readProperty(error, 'meta');
  if (typeof meta !== 'object' || meta === null) return undefined;
  const kept = copyNames(meta, {}, META_KEPT);
  const adapter = readProperty(meta, 'driverAdapterError');
  if (adapter === undefined || depth >= MAX_DEPTH) return kept;
  return Object.assign(kept, { driverAdapterError: safeCause(adapter, depth + 1) });
}

function copyNames<Target extends object>(source: unknown, target: Target, keys: readonly string[]): Target {
  for (const key of keys) {
    const value = readProperty(source, key);
    const isName = typeof value === 'string' || typeof value === 'number';
    if (isName) Object.assign(target, { [key]: value });
    const list = readList(source, key).filter((item) => typeof item === 'string');
    if (list.length > 0) Object.assign(target, { [key]: list });
  }
  const constraint = readProperty(source, 'constraint');
  if (typeof constraint === 'object' && constraint !== null) {
    Object.assign(target, { constraint: copyNames(constraint, {}, ['index', 'fields', 'foreignKey']) });
  }
  return target;
}

function framesOf(error: unknown): readonly string[] {
  if (!isInstance(error, Error)) return [];
  return (readText(error, 'stack') ?? '').split('\n').filter((line) => FRAME.test(line));
}

function define(error: Error, key: 'name' | 'stack', value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, enumerable: false, writable: true });
}
