// One application out of its templates: put together, generated, compiled, run on every version of Node it is meant for.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ProgramFailedError } from './workplace.mjs';

const GENERATE_LIMIT_MS = 60_000;
const COMPILE_LIMIT_MS = 120_000;
/** Checking other people's declarations takes most of the time of a compilation, and is done once for each consumer. */
export const QUICK = '--skipLibCheck';
/** Includes the end that the process has to come to by itself. */
const RUN_LIMIT_MS = 60_000;

export class Application {
  constructor(workplace, root, directory, consumer) {
    Object.assign(this, { workplace, root, directory, consumer });
  }

  get name() {
    return this.consumer.name;
  }

  /** Copies the layers and the consumer's own files, which win, and generates the client. */
  static async create(workplace, root, installation, consumer, directoryName = consumer.name) {
    const directory = join(installation, directoryName);
    await mkdir(directory);
    for (const layer of [...consumer.layers, consumer.name])
      await cp(join(root, 'test/consumers', layer), directory, { recursive: true });
    const application = new Application(workplace, root, directory, consumer);
    await application.tool(['prisma/build/index.js', 'generate'], GENERATE_LIMIT_MS, 'prisma generate');
    return application;
  }

  /** The path of an installed program; installations are one level up. */
  installed(path) {
    return join(this.directory, '../node_modules', path);
  }

  async tool([program, ...args], limitMs, title) {
    await this.workplace.must(process.execPath, [this.installed(program), ...args], {
      cwd: this.directory,
      limitMs,
      naming: `${this.name}: ${title}`,
    });
  }

  /** What the compiler says; empty when it is content. */
  async diagnostics(...options) {
    const { code, output } = await this.workplace.run(
      process.execPath,
      [this.installed('typescript/bin/tsc'), '-p', '.', '--pretty', 'false', ...options],
      { cwd: this.directory, limitMs: COMPILE_LIMIT_MS, naming: `${this.name}: tsc` },
    );
    return code === 0 ? '' : output;
  }

  async compile(...options) {
    const output = await this.diagnostics(...options);
    if (output !== '') throw new ProgramFailedError(`${this.name}: tsc\n${output}`);
  }

  /** Starts the program once: it has to pass its checks, close, and end by itself. */
  async run(servers, node, nodeVersion, flags = []) {
    const naming = `${this.name}: run on Node ${nodeVersion}`;
    const [program, ...args] = this.consumer.program;
    const path = program.startsWith('node_modules/') ? join(this.directory, '..', program) : program;
    return await servers.withDatabase(this.consumer, async (env) => {
      const { code, output } = await this.workplace.run(node, [...flags, path, ...args], {
        cwd: this.directory,
        env,
        limitMs: RUN_LIMIT_MS,
        naming,
      });
      const passed =
        (output.match(/^ok /gm)?.length ?? 0) + Number(/^Tests: .*?(\d+) passed/m.exec(output)?.[1] ?? 0);
      const closed = program !== 'dist/main.js' || /^closed$/m.test(output);
      if (code !== 0 || passed === 0 || !closed)
        throw new ProgramFailedError(`${naming}: exit code ${code}\n${output}`);
      const noise = /DeprecationWarning|MaxListenersExceeded|UnhandledPromise/.exec(output);
      if (noise) throw new ProgramFailedError(`${naming}: ${noise[0]}\n${output}`);
      return passed;
    });
  }

  /** A copy of the package for this application alone, to be spoilt. */
  async ownPackage() {
    const directory = join(this.directory, 'node_modules/nestjs-database');
    if (!existsSync(directory)) await cp(this.installed('nestjs-database'), directory, { recursive: true });
    return directory;
  }

  async write(path, text) {
    await writeFile(join(this.directory, path), text);
  }
}
