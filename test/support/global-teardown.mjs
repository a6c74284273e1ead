import { SERVERS } from './global-setup.mjs';

export default async function globalTeardown() {
  for (const stop of globalThis[SERVERS]?.stop ?? []) await stop();
}
