// What the console is measured against, with the same traffic: pages as one would write them by hand.
import type { Answer } from '../lib/site';

const connect = (take: string) => `
  const socket = new WebSocket(new URLSearchParams(location.search).get('url'));
  socket.onopen = () => {
    const send = (type, payload) => socket.send(JSON.stringify({ type, channel: 'system', payload }));
    send('hello', { protocol: 1, client: 'bench/1', session: 'bench', term: 1 });
    const channels = ['incidents', 'agents', 'alerts', 'activity', 'system'].map((channel) => ({ channel }));
    send('subscribe', { channels });
  };
  socket.onmessage = async ({ data }) => {
    const frame = JSON.parse(typeof data === 'string' ? data : await data.text());
    for (const message of Array.isArray(frame) ? frame : [frame]) {
      window.received = (window.received ?? 0) + 1;
      ${take}
    }
  };`;

/** Keeps a plain list of incidents up to date, once a frame. */
const LIST = `
      const { incidentId, data } = message.payload ?? {};
      if (message.channel === 'incidents' && incidentId) {
        incidents.set(incidentId, { ...incidents.get(incidentId), ...data });
        planned ||= requestAnimationFrame(render);
      }`;
const RENDER = `
  const incidents = new Map();
  let planned = 0;
  function render() {
    planned = 0;
    const rows = [...incidents].slice(-60).map(([id, { title, severity, status }]) => {
      const row = document.createElement('li');
      row.textContent = [severity, title, status, id].join(' ');
      return row;
    });
    document.querySelector('ul').replaceChildren(...rows);
  }`;

const page = (script: string): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: `<!doctype html><title>bench</title><ul></ul><script>${script}</script>`,
});

/** By name: where the page is, and what is served there if it is not one of the build's. */
export const CONTENDERS: Record<string, { route: string; answer?: Answer }> = {
  raw: { route: '/bench-raw', answer: page(connect('')) },
  list: { route: '/bench-list', answer: page(RENDER + connect(LIST)) },
  console: { route: '/' },
  demo: { route: '/realtime-demo' },
};
