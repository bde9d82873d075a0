// Parses and counts, and shows nothing.
import { cannotSend, listen } from './list';
import type { Connect } from './peer';

export const connect: Connect = (url, probe) => {
  listen(url, probe.connected, () => probe.event({}));
  return cannotSend;
};
