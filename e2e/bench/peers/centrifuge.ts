// With its recovery of missed publications.
import { Centrifuge } from 'centrifuge';
import type { Connect, Event } from './peer';

export const connect: Connect = (url, probe) => {
  const client = new Centrifuge(url);
  client.on('connected', () => probe.connected(true));
  client.on('connecting', () => probe.connected(false));
  const events = client.newSubscription('events');
  events.on('publication', ({ data }) => probe.event(data as Event));
  events.subscribe();
  client.connect();
  return (id) => {
    client.rpc('send', { id }).then(
      () => probe.ended(id, true),
      () => probe.ended(id, false),
    );
  };
};
