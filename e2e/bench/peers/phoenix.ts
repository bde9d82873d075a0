// @ts-expect-error It comes without types.
import { Socket } from 'phoenix';
import type { Connect, Event } from './peer';

export const connect: Connect = (url, probe) => {
  const socket = new Socket(url);
  socket.connect();
  const channel = socket.channel('events', {});
  channel.on('event', (event: Event) => probe.event(event));
  // A heartbeat that is not answered is reported to the channel only.
  channel.onError(() => probe.connected(false));
  channel.join().receive('ok', () => probe.connected(true));
  return (id) => {
    const end = (delivered: boolean) => () => probe.ended(id, delivered);
    channel.push('send', { id }).receive('ok', end(true)).receive('error', end(false)).receive('timeout', end(false));
  };
};
