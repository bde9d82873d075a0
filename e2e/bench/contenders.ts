// What the console is measured against, with the same traffic: pages as one would write them by hand, and the libraries that
// people would use instead.
import type { Answer } from '../lib/site';

const CONNECT = `
  const socket = new WebSocket(new URLSearchParams(where).get('url'));
  socket.onopen = () => {
    const send = (type, payload) => socket.send(JSON.stringify({ type, channel: 'system', payload }));
    send('hello', { protocol: 1, client: 'bench/1', session: 'bench', term: 1 });
    const channels = ['incidents', 'agents', 'alerts', 'activity', 'system'].map((channel) => ({ channel }));
    send('subscribe', { channels });
  };
  socket.onmessage = async ({ data }) => {
    const frame = JSON.parse(typeof data === 'string' ? data : await data.text());
    for (const message of Array.isArray(frame) ? frame : [frame]) take(message);
  };`;

/** Keeps a plain list of incidents up to date, once a frame. */
const LIST = `
  const incidents = new Map();
  let planned = 0;
  function take({ channel, payload }) {
    const { incidentId, data } = payload ?? {};
    if (channel !== 'incidents' || !incidentId) return;
    incidents.set(incidentId, { ...incidents.get(incidentId), ...data });
    planned ||= requestAnimationFrame(render);
  }
  function render() {
    planned = 0;
    const rows = [...incidents].slice(-60).map(([id, { title, severity, status }]) => {
      const row = document.createElement('li');
      row.dataset.incidentId = id;
      row.textContent = [severity, title, status, id].join(' ');
      return row;
    });
    document.querySelector('ul').replaceChildren(...rows);
  }`;

const HERE = 'const where = location.search;';

/** A worker owns the socket, parses, and passes on every 16 ms what came meanwhile. */
const WORKER = `
  let waiting = [], timer = 0;
  function take(message) {
    waiting.push(message);
    timer ||= setTimeout(() => {
      timer = 0;
      postMessage(waiting.splice(0));
    }, 16);
  }
  onmessage = ({ data: where }) => {${CONNECT}};`;
const USE_WORKER = `
  const worker = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(WORKER)}])));
  worker.onmessage = ({ data }) => data.forEach(take);
  worker.postMessage(location.search);`;

const page = (script: string): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: `<!doctype html><title>bench</title><ul></ul><script>${script}</script>`,
});

export interface Contender {
  /** Where the page is. */
  route: string;
  /** What is served there if it is not a page of the build. */
  answer?: Answer;
  /** It shows incidents, so the time until an event is painted can be measured. */
  shows: boolean;
}

/** Measured at all rates, by name. */
export const CONTENDERS: Record<string, Contender> = {
  raw: { route: '/bench-raw', answer: page(`${HERE} let received = 0; const take = () => (received += 1); ${CONNECT}`), shows: false },
  list: { route: '/bench-list', answer: page(HERE + LIST + CONNECT), shows: true },
  worker: { route: '/bench-worker', answer: page(LIST + USE_WORKER), shows: true },
  console: { route: '/', shows: true },
  demo: { route: '/realtime-demo', shows: true },
};

/** Measured at one rate, each with the list of `list`, through a server that speaks the protocol of each. */
export const LIBRARIES = ['websocket', 'reconnecting-websocket', 'partysocket', 'react-use-websocket', 'socket.io', 'centrifuge', 'phoenix', 'graphql-ws'];
