import ReconnectingWebSocket from 'reconnecting-websocket';
import type { Connect } from './peer';

export const connect: Connect = (url, probe) => {
  const socket = new ReconnectingWebSocket(url);
  socket.onopen = () => probe.connected(true);
  socket.onclose = () => probe.connected(false);
  socket.onmessage = ({ data }) => probe.event(JSON.parse(data as string));
  return (id) => socket.send(JSON.stringify({ id }));
};
