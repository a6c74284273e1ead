import { setTimeout as delay } from 'node:timers/promises';
import { PermanentError } from '../../../errors/permanent.error.js';
import { eventually, same } from '../conformance-checks.js';
import { ConformanceFailure } from '../conformance-failure.js';
import type { Definition } from '../definition.js';
import type { Member } from '../member.js';
import type { Scene, Visit } from '../scene.js';
import { SCRIPTS, type SceneCase } from '../scenes.js';
import { stepsOf, withOptions, type Script } from '../script.js';
import { chance } from '../seeded-chance.js';
import { StepFailure } from '../step-failure.js';

/** How often something goes wrong, of all calls of handlers. */
const RATES = {
  fails: 0.1,
  failsForGood: 0.03,
  answerLost: 0.1,
  crash: 0.02,
  away: 0.02,
  journalAnswerLost: 0.05,
};
const MEMBERS = 2;
/** Long enough that a busy machine does not lose it all the time. */
const LEASE_MS = 1_000;
const AWAY_MS = 100;
/** More than the rates use up, so that only what is behind a pivot is ever given up. */
const UNDO_POLICY = { attempts: 50, initialDelayMs: 1, maxDelayMs: 5 };

/** Many sagas at once, with whatever can go wrong; always the same for the same seed. */
export function chaos(seed: number, sagas: number): SceneCase {
  return {
    requirement: 'R19',
    title: `ends ${sagas} sagas right while steps fail, answers are lost and instances die (seed ${seed})`,
    play: (scene) => new Chaos(scene, seed, sagas).play(),
  };
}

class Chaos {
  private readonly definitions: readonly Definition[];
  private readonly members: Member[] = [];
  private readonly work = new Set<Promise<void>>();
  private isOver = false;

  constructor(
    private readonly scene: Scene,
    private readonly seed: number,
    private readonly sagas: number,
  ) {
    this.definitions = Object.entries(SCRIPTS).map(([name, script]) =>
      scene.define(name, patient(script), { maxRecoveries: 100_000 }),
    );
  }

  async play(): Promise<void> {
    const { scene, definitions } = this;
    const { durable } = scene.capabilities;
    // What is not durable is in one instance alone, and nothing becomes of it in another one.
    const first = await scene.open({ definitions, executes: !durable });
    for (let member = 0; durable && member < MEMBERS; member += 1) await this.join();
    scene.everywhere = (phase, visit) => this.harm(phase, visit);
    const all = Array.from({ length: this.sagas }, (_, index) => ({
      definition: definitions[index % definitions.length]!,
      key: `a${index}`,
    }));
    for (const { definition, key } of all) await first.enqueue(definition, key);
    await this.untilAllHaveEnded(first, all.length);
    this.isOver = true;
    await Promise.all(this.work);
    for (const { definition, key } of all) await this.check(first, definition, key);
  }

  private async join(): Promise<void> {
    const { definitions } = this;
    this.members.push(await this.scene.open({ definitions, leaseMs: LEASE_MS }));
  }

  private async untilAllHaveEnded(first: Member, count: number): Promise<void> {
    const state = ['running', 'compensating'] as const;
    const open = async () => {
      const lists = this.definitions.map(({ name }) => first.sagas.list({ name, state, limit: 1_000 }));
      return (await Promise.all(lists)).reduce((sum, list) => sum + list.length, 0);
    };
    let left = count;
    while (left > 0) {
      const before = left;
      const what = `Of ${count} sagas ${before} have not ended (seed ${this.seed}): another one ends`;
      await eventually(what, async () => (left = await open()) < before || left === 0);
    }
  }

  private harm(phase: 'before' | 'after', visit: Visit): void {
    const { key, step, direction, member } = visit;
    const count = this.scene.visitsOf(key, `${step} ${direction}`).length;
    const happens = (what: keyof typeof RATES) =>
      chance(this.seed, `${key} ${step} ${direction} ${count} ${phase} ${what}`) < RATES[what];
    if (this.members.includes(member) && !member.isDead) {
      if (happens('crash')) {
        member.crash();
        this.replace();
        return;
      }
      if (happens('away')) this.breakFor(member, AWAY_MS);
      else if (happens('journalAnswerLost')) member.line.break('lost-answer');
    }
    if (phase === 'before') {
      if (direction === 'do' && happens('failsForGood')) throw new PermanentError('It fails for good.');
      if (happens('fails')) throw new StepFailure('It fails.');
    } else if (happens('answerLost')) throw new StepFailure('Its answer is lost.');
  }

  private replace(): void {
    if (!this.isOver) this.doBeside(this.join());
  }

  private breakFor(member: Member, ms: number): void {
    member.line.break('away');
    this.doBeside(delay(ms).then(() => member.line.mend()));
  }

  private doBeside(work: Promise<void>): void {
    const done = work.finally(() => this.work.delete(done));
    this.work.add(done);
    done.catch(() => undefined);
  }

  private async check(first: Member, definition: Definition, key: string): Promise<void> {
    const { state } = await first.snapshot(definition, key);
    const standing = await this.scene.standing(definition, key);
    const what = `${key} of ${definition.name}, which is ${state} (seed ${this.seed}): ${JSON.stringify(this.scene.called(key))}`;
    const steps = stepsOf(definition.script);
    const pivot = steps.findIndex((step) => step.pivot === true);
    const allowed = (index: number): readonly string[] => {
      if (state === 'completed') return ['done'];
      if (state === 'compensated') return ['undone', 'nothing'];
      return index <= pivot ? ['done'] : ['done', 'nothing'];
    };
    if (state === 'dead' && pivot < 0)
      throw new ConformanceFailure(`${what}\n    expected: another end`, 'compensated', state);
    const wrong = steps.filter(({ name }, index) => !allowed(index).includes(standing[name] ?? ''));
    same(what, Object.fromEntries(wrong.map(({ name }) => [name, standing[name]])), {});
    for (const handler of new Set(this.scene.called(key))) {
      const keys = new Set(this.scene.visitsOf(key, handler).map(({ idempotencyKey }) => idempotencyKey));
      same(`${what}: how many keys ${handler} had`, keys.size, 1);
    }
  }
}

function patient(script: Script): Script {
  const change = (all: Script, name: string) =>
    withOptions(all, name, { attempts: 4, undoPolicy: UNDO_POLICY });
  return stepsOf(script)
    .map(({ name }) => name)
    .reduce(change, script);
}
