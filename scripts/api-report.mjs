// Proves that the public interface changes only on purpose: the report of every entry point in `etc/` is what the built
// declarations say, every public symbol has a release tag, none is used without being exported, and none lacks
// documentation. Needs `npm run build:lib`. `npm run api -- --update` accepts the changes.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { ENTRY_POINTS } from '../architecture.mjs';

/** What every error class repeats from `DatabaseError`, where it is documented. */
const REPEATED_IN_ERRORS = /^Missing documentation for "(name|code|retryable|outcome|target)"/;

const root = join(import.meta.dirname, '..');
const library = join(root, 'libs/database');
const configFile = join(library, 'api-extractor.json');
const reports = join(root, 'etc');
const update = process.argv.includes('--update');
const exportedByMain = new Set();
let failed = false;

const fail = (text) => {
  console.error(`error: ${text}`);
  failed = true;
};

function prepare(declarations, reportFileName) {
  const configObject = ExtractorConfig.loadFile(configFile);
  configObject.mainEntryPointFilePath = declarations;
  configObject.compiler.overrideTsconfig.files = [declarations];
  configObject.apiReport.reportFileName = reportFileName;
  const packageJsonFullPath = join(library, 'package.json');
  return ExtractorConfig.prepare({ configObject, configObjectFullPath: configFile, packageJsonFullPath });
}

function judge({ messageId, text, sourceFilePath, sourceFileLine }) {
  const place = sourceFilePath ? `${relative(root, sourceFilePath)}:${sourceFileLine}: ` : '';
  if (messageId === 'ae-undocumented') {
    if (/error/.test(sourceFilePath) && REPEATED_IN_ERRORS.test(text)) return;
    fail(`${place}${text}`);
    return;
  }
  // A second entry point may use what the main one exports.
  const forgotten = messageId === 'ae-forgotten-export' && /The symbol "(\w+)"/.exec(text)?.[1];
  if (forgotten && exportedByMain.has(forgotten)) return;
  fail(`${place}${messageId}: ${text}`);
}

function check(entryPoint) {
  const declarations = join(library, 'dist', entryPoint.replace(/\.ts$/, '.d.ts'));
  const name = ['nestjs-database', ...entryPoint.split('/').slice(0, -1)].join('-');
  if (!existsSync(declarations)) return fail(`${entryPoint} is not built; run npm run build:lib first.`);
  const { apiReportChanged } = Extractor.invoke(prepare(declarations, `${name}.api.md`), {
    localBuild: update,
    messageCallback(message) {
      if (message.logLevel === 'error') judge(message);
      message.handled = true;
    },
  });
  if (apiReportChanged && !update) {
    fail(
      `The public interface of ${name} differs from etc/${name}.api.md. ` +
        'If that is meant, run `npm run api -- --update` and commit the report.',
    );
  }
  console.log(`${name}: ${apiReportChanged ? (update ? 'report updated' : 'CHANGED') : 'as in the report'}.`);
  if (entryPoint !== ENTRY_POINTS[0] || !existsSync(join(reports, `${name}.api.md`))) return;
  const exported = /^export (?:declare )?(?:abstract )?(?:class|interface|type|const|function|enum) (\w+)/gm;
  const report = readFileSync(join(reports, `${name}.api.md`), 'utf8');
  for (const [, symbol] of report.matchAll(exported)) exportedByMain.add(symbol);
}

mkdirSync(reports, { recursive: true });
for (const entryPoint of ENTRY_POINTS) check(entryPoint);
process.exitCode = failed ? 1 : 0;
