import type { ClientLike, RegisteredClient } from '../client/database-register.js';
import { OWN_MEMBERS, PrismaService } from '../client/prisma.service.js';
import type { HealthReport } from '../common/health-report.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import type { HealthProbe } from '../health/health-probe.port.js';
import type { AmbientClient } from './ambient-client.js';
import { isDelegate } from './client-member.js';
import { executeWithRetry } from '../resilience/execute-with-retry.js';

/** What the service passes on to the connection it belongs to. */
export interface ConnectionControls {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isOpen(): boolean;
  /** Aborted when closing begins: nothing is worth repeating from then on. */
  readonly closing: AbortSignal;
}

/** The service's own members; everything else is answered by the ambient client. */
class AmbientPrismaService extends PrismaService {
  constructor(
    override readonly client: RegisteredClient,
    private readonly probe: HealthProbe,
    private readonly connection: ConnectionControls,
  ) {
    super();
  }

  override getClient(): RegisteredClient {
    return this.client;
  }

  override connect(): Promise<void> {
    return this.connection.connect();
  }

  override disconnect(): Promise<void> {
    return this.connection.disconnect();
  }

  override isConnected(): boolean {
    return this.connection.isOpen();
  }

  override checkHealth(): Promise<HealthReport> {
    return this.probe.checkHealth();
  }

  override withRetry<Result>(operation: () => Promise<Result>, attempts?: number): Promise<Result> {
    const options = { name: 'PrismaService.withRetry', signal: this.connection.closing };
    return executeWithRetry(operation, attempts === undefined ? options : { ...options, attempts });
  }
}

/**
 * The injectable client over `ambient`.
 *
 * @throws {@link InvalidOptionsError} when a model has the name of one of the service's own members
 */
export function createPrismaService(
  ambient: AmbientClient<ClientLike>,
  probe: HealthProbe,
  connection: ConnectionControls,
): PrismaService {
  const hidden = OWN_MEMBERS.filter((name) => isDelegate(ambient.read(name)));
  if (hidden.length > 0) {
    throw new InvalidOptionsError(
      'DatabaseModule',
      hidden.map((name) => ({
        path: 'client',
        problem: `has a model \`${name}\`, which \`PrismaService\` needs for itself. Rename the model and keep its table with @@map.`,
      })),
    );
  }
  const service = new AmbientPrismaService(ambient.client as RegisteredClient, probe, connection);
  const { read } = ambient;
  const own = new Set<PropertyKey>([...OWN_MEMBERS, 'constructor']);
  // What a test has put in the place of members.
  const replaced = new Map<PropertyKey, unknown>();
  return new Proxy(service, {
    set: (_target, property, value) => {
      replaced.set(property, value);
      return true;
    },
    deleteProperty: (_target, property) => {
      replaced.delete(property);
      return true;
    },
    get: (target, property) => {
      if (replaced.size > 0 && replaced.has(property)) return replaced.get(property);
      if (!own.has(property)) return read(property);
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' && property !== 'constructor'
        ? (value.bind(target) as unknown)
        : value;
    },
    has: (_target, property) => own.has(property) || property in ambient.client,
  });
}
