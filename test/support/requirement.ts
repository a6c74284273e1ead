import { describe, it } from '@jest/globals';

/**
 * Something that a test needs and that not every machine has. Without it the test is skipped, with the reason in its
 * title; where `expected`, it fails instead, so that the gate cannot be green without having run it.
 */
interface Requirement {
  readonly met: boolean;
  readonly needs: string;
  readonly expected: boolean;
}

const inGate = Boolean(process.env.CI);

export const LINUX: Requirement = {
  met: process.platform === 'linux',
  needs: 'Linux: other systems do not tell which program a process runs',
  expected: inGate,
};

export const ROOT: Requirement = {
  met: process.getuid?.() === 0,
  needs: 'root, who alone can start a server as another user',
  // A gate that is not run as root does not reach the code that the test is about.
  expected: false,
};

export const REDIS: Requirement = {
  met: Boolean(process.env.TEST_REDIS_URL),
  needs: 'Redis: redis-server on the path, or TEST_REDIS_URL',
  expected: inGate || process.env.REQUIRE_REDIS === '1',
};

/** `it` where the requirement is met. */
export function itWith(requirement: Requirement): (title: string, test: () => void | Promise<void>) => void {
  const { met, needs, expected } = requirement;
  return (title, test) => {
    if (met) it(title, test);
    else if (expected) it(title, () => refuse(requirement));
    // The title says why.
    else it.skip(`${title} (skipped: needs ${needs})`, test);
  };
}

/** `describe` where the requirement is met. */
export function describeWith(requirement: Requirement): (title: string, suite: () => void) => void {
  const { met, needs, expected } = requirement;
  return (title, suite) => {
    if (met) describe(title, suite);
    else if (expected) describe(title, () => it('is run', () => refuse(requirement)));
    // The title says why.
    else describe.skip(`${title} (skipped: needs ${needs})`, suite);
  };
}

function refuse({ needs }: Requirement): never {
  throw new Error(`It cannot be skipped here, and it needs ${needs}.`);
}
