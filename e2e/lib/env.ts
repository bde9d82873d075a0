// Where the things under test are. `cargo xtask test e2e` sets all of it.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

export const DIST = process.env.SENTINELOPS_DIST ?? path.join(ROOT, 'target/e2e-dist');
export const GATEWAY = process.env.SENTINELOPS_GATEWAY ?? path.join(ROOT, 'target/debug/sentinelops-gateway');
export const NATS = process.env.E2E_NATS_SERVER ?? path.join(ROOT, 'target/tools/nats/2.15.1/nats-server');
export const CHROME = process.env.CHROME ?? '/usr/bin/chromium';
/** `E2E_SNAPSHOTS=1`: the trace of a failed test has the page as it was at each step. */
export const SNAPSHOTS = !!process.env.E2E_SNAPSHOTS;
