// A source of alerts for the gateway of a test, and what Alertmanager sends.
import { expect } from '@playwright/test';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Gateway } from './gateway';

export const TOKEN = 'a-token-of-the-tests-0123456789';

/** A folder with the token and a configuration of the gateway with one source `prometheus`. */
export function source(keys = ''): { dir: string; token: string; config: string } {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sentinelops-ingest-'));
  const [token, config] = [path.join(dir, 'token'), path.join(dir, 'gateway.toml')];
  writeFileSync(token, TOKEN);
  writeFileSync(config, `[[ingest]]\nname = "prometheus"\nkind = "alertmanager"\ntoken_file = "${token}"\n${keys}\n`);
  return { dir, token, config };
}

export interface Reported {
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  generatorURL?: string;
  fingerprint: string;
}

/** A group of alerts as Alertmanager posts it, version 4. */
export async function post(gateway: Gateway, status: 'firing' | 'resolved', alerts: Reported[], startsAt: Date): Promise<void> {
  const times = { startsAt: startsAt.toISOString(), endsAt: status === 'firing' ? '0001-01-01T00:00:00Z' : new Date().toISOString() };
  const body = {
    version: '4',
    groupKey: '{}:{alertname="TargetDown"}',
    truncatedAlerts: 0,
    status,
    receiver: 'sentinelops',
    groupLabels: { alertname: 'TargetDown' },
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example',
    alerts: alerts.map((alert) => ({ status, annotations: {}, generatorURL: '', ...alert, ...times })),
  };
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/ingest/prometheus`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status, await answer.text()).toBe(200);
}

/** Many of them, so many in a body, one body after the other. */
export async function postAll(gateway: Gateway, status: 'firing' | 'resolved', alerts: Reported[], startsAt: Date, inABody: number): Promise<void> {
  for (let at = 0; at < alerts.length; at += inABody) await post(gateway, status, alerts.slice(at, at + inABody), startsAt);
}
