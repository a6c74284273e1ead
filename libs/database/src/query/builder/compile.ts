import type { CompiledQuery, PostgresQueryCompiler, RawNode, RootOperationNode } from 'kysely';
import { kysely } from '../kysely-module.js';
import { isDirection } from './sort-direction.js';
import type { SqlStatement } from '../sql-executor.port.js';

/** The statement of a tree; only one without any SQL of the caller's own is known to change nothing. */
export function compile(node: object, operation: string): SqlStatement {
  const compiler = new (watchingCompiler())();
  const { sql, parameters }: CompiledQuery = compiler.compileQuery(
    node as RootOperationNode,
    kysely().createQueryId(),
  );
  const reads = 'kind' in node && node.kind === 'SelectQueryNode' && !compiler.hasRaw;
  return { sql, values: parameters, operation, access: reads ? 'read' : 'write' };
}

/** Made with the first query, as Kysely is not loaded before. */
function watchingCompiler() {
  made ??= class WatchingCompiler extends kysely().PostgresQueryCompiler {
    hasRaw = false;

    protected override visitRaw(node: RawNode): void {
      this.hasRaw ||= !isDirection(node);
      super.visitRaw(node);
    }
  };
  return made;
}

let made: (new () => PostgresQueryCompiler & { readonly hasRaw: boolean }) | undefined;
