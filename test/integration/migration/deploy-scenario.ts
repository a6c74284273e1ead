// Run by deploy.int-spec.ts: deploys the shop's migrations, says so, and has nothing more to do.
import { createRunner, SHOP_MIGRATIONS } from './migration-fixture.js';

await createRunner(process.env.DATABASE_URL ?? '', { directory: SHOP_MIGRATIONS }).deploy();
process.stdout.write('deployed\n');
