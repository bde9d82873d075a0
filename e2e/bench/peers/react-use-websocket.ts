// With its heartbeat, and every close answered by another try.
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import useWebSocketModule from 'react-use-websocket';
import type { Connect } from './peer';

// A CommonJS package: its default export is one level down for a bundler.
const useWebSocket = (useWebSocketModule as unknown as { default?: typeof useWebSocketModule }).default ?? useWebSocketModule;

export const connect: Connect = (url, probe) => {
  let send = (_: { id: string }) => {};
  const App = () => {
    const { sendJsonMessage } = useWebSocket(url, {
      onOpen: () => probe.connected(true),
      onClose: () => probe.connected(false),
      onMessage: ({ data }) => data !== 'pong' && probe.event(JSON.parse(data as string)),
      // Nothing renders for each message.
      filter: () => false,
      shouldReconnect: () => true,
      reconnectAttempts: 1_000,
      heartbeat: { message: 'ping', returnMessage: 'pong', timeout: 60_000, interval: 25_000 },
    });
    send = sendJsonMessage;
    return null;
  };
  createRoot(document.body.appendChild(document.createElement('div'))).render(createElement(App));
  return (id) => send({ id });
};
