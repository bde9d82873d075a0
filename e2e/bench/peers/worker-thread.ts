// The worker of `worker.ts`.
import { listen } from './list';
import type { Event } from './peer';

let waiting: Event[] = [];
let timer = 0;

function pass(): void {
  timer = 0;
  (self as unknown as Worker).postMessage(waiting);
  waiting = [];
}

onmessage = ({ data: url }: MessageEvent<string>) =>
  listen(
    url,
    () => {},
    (event) => {
      waiting.push(event);
      timer ||= setTimeout(pass, 16) as unknown as number;
    },
  );
