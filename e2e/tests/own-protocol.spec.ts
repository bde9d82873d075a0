// A server with a protocol of its own: text and binary frames, and a channel that only it knows.
import { type AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { expect, test } from '../lib/fixtures';

/** Answers a text frame with its length, a binary one reversed, and a message on `weather` with a reading. */
async function serve() {
  const received: (string | number[])[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) =>
    socket.on('message', (data, binary) => {
      const bytes = data as Buffer;
      received.push(binary ? [...bytes] : bytes.toString());
      if (binary) return socket.send(Buffer.from(bytes).reverse());
      if (!bytes.toString().startsWith('{')) return socket.send(`LENGTH ${bytes.length}`);
      const { channel } = JSON.parse(bytes.toString());
      const reading = { type: 'weather.now', channel, payload: 21.5, timestamp: Date.now() };
      return socket.send(JSON.stringify([reading, { ...reading, payload: 'warm' }]));
    }),
  );
  return { received, server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('own frames reach a server of another protocol, which is sent nothing else', async ({ world }) => {
  const { received, server, url } = await serve();
  world.site.configure({ url, options: { mode: 'raw', pingInterval: 100 } });
  try {
    const page = await world.open('/lab');
    await page.getByTestId('lab-raw').click();
    await expect(page.getByTestId('lab-raw-ready')).toHaveText('true');
    const lines = page.getByTestId('lab-raw-lines');
    await page.getByTestId('lab-raw-text').click();
    await expect(lines).toContainText('text LENGTH 5');
    await page.getByTestId('lab-raw-binary').click();
    await expect(lines).toContainText('binary [255, 0]');
    await page.getByTestId('lab-raw-own').click();
    await expect(lines).toContainText('weather.now 21.5\nweather.now: payload: expected a number, found string "warm"');
    expect(received.slice(0, 2)).toEqual(['HELLO', [0, 255]]);
    expect(received).toHaveLength(3);
    expect(JSON.parse(received[2] as string)).toMatchObject({ channel: 'weather', type: 'weather.follow', payload: ['Berlin'] });
    // What ends the connection shows, and is not sent to.
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
    await expect(page.getByTestId('lab-raw-ready')).toHaveText('false');
    await page.getByTestId('lab-raw-text').click();
    await expect(lines).toContainText('there is no connection, and own frames wait for none');
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});
