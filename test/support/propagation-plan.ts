import { PROPAGATIONS, type Propagation } from '../../libs/database/src/index.js';

/** What one call of a service does. */
export interface Call {
  readonly id: string;
  /** Which service it is of. */
  readonly service: number;
  readonly propagation: Propagation;
  readonly writes: boolean;
  readonly calls: readonly Call[];
  /** Whether its calls run at the same time, and all of them to their end. */
  readonly together: boolean;
  /** How it ends, after its calls. */
  readonly end: 'well' | 'throw' | 'rollbackOnly';
  /** Whether its caller catches what it throws. */
  readonly caught: boolean;
}

/** Thrown by a service itself. */
export class ServiceError extends Error {}

/** A tree of calls with every propagation in it, as `random` draws it. */
export function drawCall(random: () => number, services: number, id: string, depth = 0): Call {
  const pick = (limit: number) => Math.floor(random() * limit);
  const count = depth >= 4 ? 0 : pick(4 - depth);
  const chance = random();
  return {
    id,
    service: pick(services),
    // Most requests begin with a transaction.
    propagation: depth === 0 && random() < 0.6 ? 'REQUIRED' : PROPAGATIONS[pick(PROPAGATIONS.length)]!,
    writes: random() < 0.7,
    calls: Array.from({ length: count }, (_, index) =>
      drawCall(random, services, `${id}.${index}`, depth + 1),
    ),
    together: random() < 0.3,
    end: chance < 0.12 ? 'throw' : chance < 0.18 ? 'rollbackOnly' : 'well',
    caught: random() < 0.6,
  };
}

/** What is to come of a request: the calls whose writes are kept, and the code of its failure. */
export interface Prediction {
  readonly kept: readonly string[];
  readonly failure: string | undefined;
}

interface Part {
  readonly writes: string[];
  mark?: 'asked' | 'unexpected';
}

/** The propagation levels by their description, and nothing else: no SQL, no clock, no library. */
export function predict(request: Call): Prediction {
  const kept: string[] = [];

  function call(node: Call, part: Part | undefined): void {
    const { propagation } = node;
    if (propagation === 'REQUIRES_NEW') return begin(node, kept);
    if (propagation === 'NOT_SUPPORTED') return body(node, undefined, false);
    if (part === undefined) {
      if (propagation === 'MANDATORY') throw 'TRANSACTION_REQUIRED';
      if (propagation === 'REQUIRED' || propagation === 'NESTED') return begin(node, kept);
      return body(node, undefined, false);
    }
    if (propagation === 'NEVER') throw 'TRANSACTION_FORBIDDEN';
    if (propagation === 'NESTED') return begin(node, part.writes);
    try {
      body(node, part, false);
    } catch (error) {
      part.mark ??= 'unexpected';
      throw error;
    }
  }

  function begin(node: Call, into: string[]): void {
    const part: Part = { writes: [] };
    body(node, part, true);
    if (part.mark === 'unexpected') throw 'UNEXPECTED_ROLLBACK';
    if (part.mark === undefined) into.push(...part.writes);
  }

  function body(node: Call, part: Part | undefined, owner: boolean): void {
    if (node.writes) (part?.writes ?? kept).push(node.id);
    const failures: unknown[] = [];
    for (const inner of node.calls) {
      try {
        call(inner, part);
      } catch (error) {
        if (!inner.caught) failures.push(error);
        if (!inner.caught && !node.together) break;
      }
    }
    if (failures.length > 0) throw failures[0];
    if (node.end === 'throw') throw 'ServiceError';
    if (node.end === 'rollbackOnly' && part !== undefined) part.mark ??= owner ? 'asked' : 'unexpected';
  }

  try {
    call(request, undefined);
    return { kept, failure: undefined };
  } catch (error) {
    return { kept, failure: error as string };
  }
}
