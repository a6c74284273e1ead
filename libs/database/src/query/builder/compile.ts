import {
  createQueryId,
  PostgresQueryCompiler,
  type CompiledQuery,
  type RawNode,
  type RootOperationNode,
} from 'kysely';
import type { SqlStatement } from '../sql-executor.port.js';

/** The statement of a tree; only one without any SQL of the caller's own is known to change nothing. */
export function compile(node: object, operation: string): SqlStatement {
  const compiler = new WatchingCompiler();
  const { sql, parameters }: CompiledQuery = compiler.compileQuery(
    node as RootOperationNode,
    createQueryId(),
  );
  const reads = 'kind' in node && node.kind === 'SelectQueryNode' && !compiler.hasRaw;
  return { sql, values: parameters, operation, access: reads ? 'read' : 'write' };
}

class WatchingCompiler extends PostgresQueryCompiler {
  hasRaw = false;

  protected override visitRaw(node: RawNode): void {
    this.hasRaw = true;
    super.visitRaw(node);
  }
}
