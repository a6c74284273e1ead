import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const CONFIGURATION = `
[ca]
default_ca = authority
[authority]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = policy
[policy]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
CN = stranger
[extensions]
subjectAltName = IP:127.0.0.1
basicConstraints = critical, CA:TRUE
`;

/** A certificate for 127.0.0.1 that is its own authority, valid between two days (YYYY-MM-DD). */
export async function createCertificate({
  from,
  until,
}: {
  readonly from: string;
  readonly until: string;
}): Promise<Certificate> {
  const directory = await mkdtemp(join(tmpdir(), 'certificate-'));
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: directory });
  try {
    const files = { configuration: CONFIGURATION, index: '', serial: '01' };
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    await openssl('req', '-new', ...curve, '-nodes', '-config', 'configuration', '-keyout', 'key', '-out', 'request'); // prettier-ignore
    const time = (day: string) => `${day.replaceAll('-', '')}000000Z`;
    // `x509` and `req` know no start in the past before OpenSSL 3.4; `ca` always has.
    const validity = ['-startdate', time(from), '-enddate', time(until)];
    await openssl('ca', '-batch', '-selfsign', '-notext', '-config', 'configuration', '-extensions', 'extensions', ...validity, '-keyfile', 'key', '-in', 'request', '-out', 'cert'); // prettier-ignore
    return {
      key: await readFile(join(directory, 'key'), 'utf8'),
      cert: await readFile(join(directory, 'cert'), 'utf8'),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
