export const SRC = 'libs/database/src';
const value = 'export const x = 1;\n';
const type = 'export interface X { readonly x: number }\n';

/** Imports the rules allow: the planted tree without plants must pass, or the plants prove nothing. */
export const CLEAN: Record<string, string> = {
  [`${SRC}/index.ts`]: "export { x } from './cache/cache.service.js';\n",
  [`${SRC}/health/index.ts`]: "export { x } from './probe.js';\n",
  [`${SRC}/embedded/index.ts`]: value,
  [`${SRC}/database.module.ts`]:
    "import './cache/cache.service.js';\nimport './redis/redis-cache.store.js';\n" + value,
  [`${SRC}/common/clock.ts`]: value,
  [`${SRC}/cache/cache.service.ts`]:
    "import '../common/clock.js';\nimport type { X } from './cache.port.js';\nexport type Y = X;\n" + value,
  [`${SRC}/cache/cache.port.ts`]: type,
  [`${SRC}/cache/cache.events.ts`]: type,
  [`${SRC}/cache/cache.service.spec.ts`]:
    "import '@jest/globals';\nimport 'ioredis';\nimport './cache.service.js';\nimport '../testing/fake-clock.js';\n",
  [`${SRC}/client/model-types.ts`]:
    "import type { Prisma } from '@prisma/client';\nexport type Client = Prisma.PrismaClient;\n",
  [`${SRC}/health/probe.ts`]: "import '@nestjs/terminus';\n" + value,
  [`${SRC}/monitoring/collector.ts`]:
    "import type { X } from '../cache/cache.events.js';\nexport type Y = X;\n",
  [`${SRC}/postgres/pool.ts`]: "import pg from 'pg';\nexport const pool = pg;\n",
  [`${SRC}/redis/redis-cache.store.ts`]:
    "import { Redis } from 'ioredis';\nimport type { X } from '../cache/cache.port.js';\nexport type Y = X;\nexport const redis = Redis;\n",
  [`${SRC}/testing/fake-clock.ts`]: "import '../common/clock.js';\nimport '../database.module.js';\n" + value,
  'apps/shop/src/main.ts':
    "import 'nestjs-database';\nimport 'nestjs-database/health';\nimport 'nestjs-database/embedded';\nimport '@nestjs/common';\n",
};

export interface Plant {
  readonly rule: string;
  readonly file: string;
  readonly text: string;
  readonly also?: Record<string, string>;
}

/** One violation each; all are planted in one tree, so that one run of the tool proves all of them. */
export const PLANTS: Record<string, Plant> = {
  'an import cycle': {
    rule: 'no-circular',
    file: `${SRC}/outbox/one.ts`,
    text: "import './two.js';\n",
    also: { [`${SRC}/outbox/two.ts`]: "import './one.js';\n" },
  },
  'a cycle of type-only imports': {
    rule: 'no-circular',
    file: `${SRC}/saga/one.ts`,
    text: "import type { B } from './two.js';\nexport interface A { b: B }\n",
    also: { [`${SRC}/saga/two.ts`]: "import type { A } from './one.js';\nexport interface B { a: A }\n" },
  },
  'pg outside its adapter': {
    rule: 'driver-pg',
    file: `${SRC}/repository/driver.ts`,
    text: "import pg from 'pg';\nexport const pool = new pg.Pool();\n",
  },
  'a type of ioredis outside its adapter': {
    rule: 'driver-ioredis',
    file: `${SRC}/cache/driver.ts`,
    text: "import type { Redis } from 'ioredis';\nexport type R = Redis;\n",
  },
  'ioredis by a dynamic import': {
    rule: 'driver-ioredis',
    file: `${SRC}/session/driver.ts`,
    text: "export const load = () => import('ioredis');\n",
  },
  'a driver that is not installed': {
    rule: 'driver-pg',
    file: `${SRC}/lock/driver.ts`,
    text: "import 'pg-copy-streams';\n",
  },
  '@prisma/client at run time where only its types are allowed': {
    rule: 'driver-prisma-type-only',
    file: `${SRC}/client/driver.ts`,
    text: "import { Prisma } from '@prisma/client';\nexport const prisma = Prisma;\n",
  },
  '@prisma/client outside its adapter': {
    rule: 'driver-prisma',
    file: `${SRC}/transaction/driver.ts`,
    text: "import type { Prisma } from '@prisma/client';\nexport type P = Prisma.PrismaClient;\n",
  },
  'Terminus outside health': {
    rule: 'driver-nestjs-terminus',
    file: `${SRC}/migration/indicator.ts`,
    text: "import '@nestjs/terminus';\n",
  },
  'a capability that imports an adapter': {
    rule: 'layer-cache',
    file: `${SRC}/cache/adapter.ts`,
    text: "import '../redis/redis-cache.store.js';\n",
  },
  'a layer that imports a higher one': {
    rule: 'layer-errors',
    file: `${SRC}/errors/upwards.ts`,
    text: "import '../cache/cache.service.js';\n",
  },
  "an adapter that imports a type of a capability's inside": {
    rule: 'layer-redis-only-port-errors',
    file: `${SRC}/redis/inside.ts`,
    text: "import type { Y } from '../cache/cache.service.js';\nexport type Z = Y;\n",
  },
  'monitoring that imports a non-event': {
    rule: 'layer-monitoring-only-events',
    file: `${SRC}/monitoring/inside.ts`,
    text: "import type { X } from '../cache/cache.port.js';\nexport type Z = X;\n",
  },
  'a spec that imports another layer': {
    rule: 'layer-common-spec',
    file: `${SRC}/common/clock.spec.ts`,
    text: "import '../cache/cache.service.js';\n",
  },
  'a source that imports the test kit': {
    rule: 'layer-resilience',
    file: `${SRC}/resilience/kit.ts`,
    text: "import '../testing/fake-clock.js';\n",
  },
  'a folder that imports index.ts': {
    rule: 'no-entry-point-inside',
    file: `${SRC}/query/barrel.ts`,
    text: "import '../index.js';\n",
  },
  "a folder that imports another folder's entry point": {
    rule: 'no-entry-point-inside',
    file: `${SRC}/cli/barrel.ts`,
    text: "import '../health/index.js';\n",
  },
  'a folder that imports the composition root': {
    rule: 'no-root-from-folder',
    file: `${SRC}/prisma/root.ts`,
    text: "import '../database.module.js';\n",
  },
  'the composition root that imports the test kit': {
    rule: 'no-tools-from-root',
    file: `${SRC}/database.options.ts`,
    text: "import './testing/fake-clock.js';\n",
  },
  'Nest in a folder without Nest': {
    rule: 'without-nest',
    file: `${SRC}/fault/nest.ts`,
    text: "import '@nestjs/common';\n",
  },
  'a deep import of an application by a relative path': {
    rule: 'apps-only-entry-points',
    file: 'apps/shop/src/deep-relative.ts',
    text: "import '../../../libs/database/src/common/clock.js';\n",
  },
  'an entry point imported by a relative path': {
    rule: 'apps-only-by-package-name',
    file: 'apps/shop/src/relative.ts',
    text: "import '../../../libs/database/src/index.js';\n",
  },
  'a deep import of an application by the package name': {
    rule: 'apps-only-entry-points',
    file: 'apps/shop/src/deep-package.ts',
    text: "import 'nestjs-database/src/common/clock.js';\n",
  },
  'a sub-path the package does not export': {
    rule: 'apps-only-entry-points',
    file: 'apps/shop/src/sub-path.ts',
    text: "import 'nestjs-database/cache';\n",
  },
  'the library that imports an application': {
    rule: 'no-lib-to-app',
    file: `${SRC}/embedded/app.ts`,
    text: "import '../../../../apps/shop/src/main.js';\n",
  },
  'an import that resolves to nothing': {
    rule: 'not-to-unresolvable',
    file: `${SRC}/config/nowhere.ts`,
    text: "import './nowhere-at-all.js';\n",
  },
  'a development dependency in the library': {
    rule: 'only-declared-packages',
    file: `${SRC}/config/development.ts`,
    text: "import 'fast-check';\n",
  },
};
