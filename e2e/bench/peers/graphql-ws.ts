// With the pings of its own recipe: a pong that does not come within five seconds ends the connection.
import { createClient } from 'graphql-ws';
import type { Connect, Event } from './peer';

export const connect: Connect = (url, probe) => {
  let socket: WebSocket | undefined;
  let patience = 0;
  const client = createClient({
    url,
    lazy: false,
    keepAlive: 10_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    on: {
      opened: (opened) => (socket = opened as WebSocket),
      connected: () => probe.connected(true),
      closed: () => probe.connected(false),
      ping: (received) => {
        if (!received) patience = window.setTimeout(() => socket?.readyState === WebSocket.OPEN && socket.close(4408, 'Request Timeout'), 5_000);
      },
      pong: (received) => received && clearTimeout(patience),
    },
  });
  const subscribe = () =>
    client.subscribe<Event>({ query: 'subscription { event }' }, { next: ({ data }) => data && probe.event(data), error: () => setTimeout(subscribe, 1_000), complete: () => {} });
  subscribe();
  return (id) => {
    client.subscribe(
      { query: 'mutation ($id: ID!) { send(id: $id) }', variables: { id } },
      { next: () => probe.ended(id, true), error: () => probe.ended(id, false), complete: () => {} },
    );
  };
};
