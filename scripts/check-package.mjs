// Proves that what would be published works: the tarball is well-formed, and separate applications that install it from
// a registry can generate, compile, run and end, on the versions that its manifest promises (docs/compatibility.md).
// `--all` runs the complete matrix, `--only a,b` the named consumers.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Application, QUICK } from './package-check/application.mjs';
import { COUNTER_CHECKS } from './package-check/counter-checks.mjs';
import { checkDocumentation } from './package-check/documentation.mjs';
import { install, installNodes, pack } from './package-check/installation.mjs';
import { matrix, OTHER_SETTINGS } from './package-check/matrix.mjs';
import { Servers } from './package-check/servers.mjs';
import { checkTarball } from './package-check/tarball.mjs';
import { ProgramFailedError, Workplace } from './package-check/workplace.mjs';

const AT_A_TIME = 2;
const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { all: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const only = values.only?.split(',');
const consumers = matrix({ all: values.all, only });
const counterChecks = COUNTER_CHECKS.filter(
  ({ consumer, onlyInAll }) => consumers.some(({ name }) => name === consumer) && (values.all || !onlyInAll),
);
const unknown = only?.filter((name) => !consumers.some((consumer) => consumer.name === name)) ?? [];
if (unknown.length > 0) throw new Error(`No consumer is called ${unknown.join(', ')}.`);

/** What was done, and why it failed. */
const results = [];
async function measured(title, work) {
  const begun = performance.now();
  try {
    const remark = await work();
    results.push({ title });
    console.log(
      `ok     ${seconds(performance.now() - begun).padStart(8)}  ${title}${remark ? `: ${remark}` : ''}`,
    );
    return true;
  } catch (error) {
    results.push({ title, error });
    console.log(`FAILED ${seconds(performance.now() - begun).padStart(8)}  ${title}`);
    console.error(error instanceof ProgramFailedError ? error.message : error);
    return false;
  }
}
const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

/** Runs jobs in their order, a few at a time; a job may wait only for what stands before it. */
async function inOrder(jobs) {
  const queue = jobs.values();
  const worker = async () => {
    for (const job of queue) await job();
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

/** Begins a measured piece of work that others need; they get its result, or hear that there is none. */
function needed(title, work) {
  const { promise, resolve, reject } = deferred();
  promise.catch(() => undefined);
  const begin = async () => {
    const done = await measured(title, async () => resolve(await work()));
    if (!done) reject(new ProgramFailedError(`\`${title}\` has failed.`));
  };
  return { begin, result: promise };
}

function deferred() {
  let resolve, reject;
  const promise = new Promise((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

async function checkConsumer(consumer, installation, nodes, servers) {
  const directory = await installation;
  const begun = performance.now();
  const application = await Application.create(workplace, root, directory, consumer);
  const generated = performance.now();
  await application.compile();
  const compiled = performance.now();
  const programs = await nodes;
  const counts = [];
  for (const version of consumer.nodes) {
    const started = performance.now();
    const passed = await application.run(servers, programs.get(version), version);
    const name = version === 'own' ? process.versions.node : version;
    counts.push(`${passed} checks on Node ${name} ${seconds(performance.now() - started)}`);
  }
  const others = values.all ? OTHER_SETTINGS.filter((setting) => setting.consumer === consumer.name) : [];
  for (const { module, moduleResolution } of others)
    await application.compile(QUICK, '--noEmit', '--module', module, '--moduleResolution', moduleResolution);
  return [
    `generate ${seconds(generated - begun)}`,
    `compile ${seconds(compiled - generated)}`,
    ...counts,
    ...others.map(({ module, moduleResolution }) => `compiles with ${module} and ${moduleResolution}`),
  ].join(', ');
}

async function checkCounter({ provoke, failure }, directory, consumer, installation, servers) {
  const application = await Application.create(workplace, root, await installation, consumer, directory);
  const found = await provoke(application, { servers, workplace, root });
  if (!failure.test(found))
    throw new ProgramFailedError(`Expected a failure with ${failure}, found:\n${found || '(success)'}`);
}

async function checkAll() {
  const { tarball, files } = await pack(workplace, root);
  const servers = await Servers.start(workplace.directory, root);
  try {
    const nodes = needed('install other versions of Node', () =>
      installNodes(
        workplace,
        consumers.flatMap((consumer) => consumer.nodes),
      ),
    );
    const groups = new Map();
    for (const { group } of consumers) {
      const members = consumers.filter((consumer) => consumer.group === group);
      const installation = () => install(workplace, root, { group, consumers: members, tarball });
      if (!groups.has(group)) groups.set(group, needed(`install ${group}`, installation));
    }
    const consumerJobs = consumers.map((consumer) => {
      const { result } = groups.get(consumer.group);
      return () => measured(consumer.name, () => checkConsumer(consumer, result, nodes.result, servers));
    });
    const counterJobs = counterChecks.map((counterCheck, index) => {
      const consumer = consumers.find(({ name }) => name === counterCheck.consumer);
      const { result } = groups.get(consumer.group);
      const directory = `counter-check-${index}`;
      return () =>
        measured(counterCheck.title, () => checkCounter(counterCheck, directory, consumer, result, servers));
    });
    await inOrder([
      ...[...groups.values()].map(({ begin }) => begin),
      nodes.begin,
      () => measured('documentation', () => checkDocumentation(root)),
      () => measured('tarball', () => checkTarball(workplace, root, tarball, files)),
      ...consumerJobs,
      ...counterJobs,
    ]);
  } finally {
    await servers.stop();
  }
}

const workplace = await Workplace.open();
let interrupted;
const interrupt = (signal) => {
  interrupted ??= signal;
  workplace.interrupt();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);
const begun = performance.now();
try {
  await checkAll();
} catch (error) {
  results.push({ title: 'check', error });
  console.error(error instanceof ProgramFailedError ? error.message : error);
} finally {
  await workplace.remove();
}
const failures = results.filter(({ error }) => error);
for (const { title } of failures) console.error(`error: ${title}`);
console.log(
  `Package in ${consumers.length} applications, ${counterChecks.length} counter-checks: ` +
    `${failures.length} errors after ${seconds(performance.now() - begun)}.`,
);
process.exitCode = failures.length > 0 || interrupted ? 1 : 0;
