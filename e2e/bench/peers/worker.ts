// A worker owns the socket, parses, and passes on every 16 ms what came meanwhile.
import { cannotSend } from './list';
import type { Connect, Event } from './peer';

/** `worker-thread.ts`, bundled. */
declare const WORKER_THREAD: string;

export const connect: Connect = (url, probe) => {
  const worker = new Worker(URL.createObjectURL(new Blob([WORKER_THREAD])));
  worker.onmessage = ({ data }: MessageEvent<Event[]>) => data.forEach(probe.event);
  worker.postMessage(url);
  probe.connected(true);
  return cannotSend;
};
