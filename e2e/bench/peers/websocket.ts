// A bare WebSocket that connects again after a second: what one writes first.
import type { Connect } from './peer';

export const connect: Connect = (url, probe) => {
  let socket: WebSocket;
  const open = () => {
    socket = new WebSocket(url);
    socket.onopen = () => probe.connected(true);
    socket.onmessage = ({ data }) => probe.event(JSON.parse(data as string));
    socket.onclose = () => {
      probe.connected(false);
      setTimeout(open, 1_000);
    };
  };
  open();
  return (id) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ id }));
};
