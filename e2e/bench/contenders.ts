// What the console is measured against, with the same traffic: pages as one would write them by hand, and the libraries that
// people would use instead. Each is a file of `peers/`, but for our own pages.

/** Pages of the build, by name. */
export const OWN: Record<string, string> = { console: '/', demo: '/realtime-demo' };

/** Pages written by hand that speak to the gateway themselves: measured at all rates, as ours are. */
export const BY_HAND = ['raw', 'list', 'worker'];

/** Measured at one rate, each with the list of `list`, through a server that speaks the protocol of each. */
export const LIBRARIES = ['websocket', 'reconnecting-websocket', 'partysocket', 'react-use-websocket', 'socket.io', 'centrifuge', 'phoenix', 'graphql-ws'];
