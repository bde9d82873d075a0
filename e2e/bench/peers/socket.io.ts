// With retries until an answer comes, and the server's recovery of missed events.
import { io } from 'socket.io-client';
import type { Connect } from './peer';

export const connect: Connect = (url, probe) => {
  const socket = io(url.replace(/^ws/, 'http').replace(/\/[^/]*$/, ''), { transports: ['websocket'], ackTimeout: 10_000, retries: 10 });
  socket.on('connect', () => probe.connected(true));
  socket.on('disconnect', () => probe.connected(false));
  socket.on('event', (text: string) => probe.event(JSON.parse(text)));
  return (id) => socket.emit('send', id, (error: unknown) => probe.ended(id, !error));
};
