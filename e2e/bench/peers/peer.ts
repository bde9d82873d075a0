// What every contender does on its page: connect, show a list of what happens, send numbered messages.

/** What a contender reports. */
export interface Probe {
  /** Whether it says that it is connected. */
  connected(up: boolean): void;
  /** An event of the server, parsed. */
  event(event: Event): void;
  /** What it says of a message: the server has it, or it failed. */
  ended(id: string, delivered: boolean): void;
}

export interface Event {
  /** Of the fault bench: 1, 2, 3, … */
  n?: number;
  channel?: string;
  payload?: { incidentId?: string; data?: Record<string, unknown> };
}

/** Sends a message of this id. */
export type Send = (id: string) => void;

export type Connect = (url: string, probe: Probe) => Send;

/** What the bench reads. */
export interface Report {
  received: number;
  /** Numbers of the events that were shown. */
  seen: number[];
  connected: { at: number; up: boolean }[];
  sent: string[];
  ended: Record<string, boolean>;
  start(everyMs: number): void;
  stop(): void;
}

declare global {
  interface Window {
    peer: Report;
  }
}

export function run(connect: Connect): void {
  const parameters = new URLSearchParams(location.search);
  const list = document.querySelector('ul')!;
  const incidents = new Map<string, Record<string, unknown>>();
  let planned = 0;
  const render = () => {
    planned = 0;
    const rows = [...incidents].slice(-60).map(([id, { title, severity, status }]) => {
      const row = document.createElement('li');
      row.dataset.incidentId = id;
      row.textContent = [severity, title, status, id].join(' ');
      return row;
    });
    list.replaceChildren(...rows);
  };
  let timer = 0;
  const report: Report = {
    received: 0,
    seen: [],
    connected: [],
    sent: [],
    ended: {},
    start(everyMs) {
      timer = window.setInterval(() => {
        const id = `${parameters.get('life')}-${report.sent.length + 1}`;
        report.sent.push(id);
        send(id);
      }, everyMs);
    },
    stop: () => clearInterval(timer),
  };
  const send = connect(parameters.get('url')!, {
    connected: (up) => {
      if (report.connected.at(-1)?.up !== up) report.connected.push({ at: Date.now(), up });
    },
    event: (event) => {
      report.received += 1;
      if (event.n) report.seen.push(event.n);
      const { incidentId, data } = event.payload ?? {};
      if (event.channel !== 'incidents' || !incidentId) return;
      incidents.set(incidentId, { ...incidents.get(incidentId), ...data });
      planned ||= requestAnimationFrame(render);
    },
    ended: (id, delivered) => (report.ended[id] = delivered),
  });
  window.peer = report;
}
