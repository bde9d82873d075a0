// A page with one WebSocket to the gateway, written by hand.
import type { Connect, Event } from './peer';

const CHANNELS = ['incidents', 'agents', 'alerts', 'activity', 'system'].map((channel) => ({ channel }));

/** Opens the socket, subscribes to everything, and parses each frame. */
export function listen(url: string, connected: (up: boolean) => void, take: (event: Event) => void): void {
  const socket = new WebSocket(url);
  socket.onopen = () => {
    const send = (type: string, payload: object) => socket.send(JSON.stringify({ type, channel: 'system', payload }));
    send('hello', { protocol: 1, client: 'bench/1', session: 'bench', term: 1 });
    send('subscribe', { channels: CHANNELS });
    connected(true);
  };
  socket.onclose = () => connected(false);
  socket.onmessage = async ({ data }) => {
    const frame = JSON.parse(typeof data === 'string' ? data : await (data as Blob).text()) as Event | Event[];
    for (const event of Array.isArray(frame) ? frame : [frame]) take(event);
  };
}

/** It only watches. */
export const cannotSend = () => {
  throw new Error('this page sends nothing');
};

export const connect: Connect = (url, probe) => {
  listen(url, probe.connected, probe.event);
  return cannotSend;
};
