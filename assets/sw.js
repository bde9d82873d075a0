// The service worker: the console starts without a network. `cargo xtask build` fills in the first lines; a debug build
// has none. It keeps the files of one build, under names with a hash in them. A page is asked of the server first, so that a
// configuration edited in a deployed index.html counts at the next reload. WebSockets do not come here.
const BASE = "/";
const BOOT = "";
const FILES = [];
// Of these, what only one page needs, by its address: kept when that page is open while a build is installed, or asks.
const LATER = {};

const PREFIX = `sentinelops ${BASE} `;
const CACHE = PREFIX + BOOT;
// A server that does not answer is waited for this long (ms), where there is a page to show instead.
const PATIENCE_MS = 4_000;

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !pathname.startsWith(BASE)) return;
  if (request.mode === "navigate") event.respondWith(page(event, request));
  else if (FILES.includes(pathname)) event.respondWith(file(event, request));
});

async function install() {
  const cache = await caches.open(CACHE);
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = windows.map((client) => new URL(client.url).pathname.replace(/\/$/, ""));
  const later = Object.keys(LATER).filter((address) => !open.includes(BASE + address)).flatMap((address) => LATER[address]);
  await cache.addAll(FILES.filter((file) => !later.includes(file)));
  await keep(await fetch(BASE, { cache: "no-cache" }));
  // Pages that are open go on with the files they have; the next load is of this build anyway.
  await self.skipWaiting();
}

async function activate() {
  // The build before stays: pages of it may start their worker again.
  const all = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(all.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
  // A page of another build says that there is a newer one.
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage(BOOT);
}

async function page(event, request) {
  const answer = fetch(request);
  event.waitUntil(answer.then((found) => keep(found.clone())).catch(() => {}));
  const kept = await (await caches.open(CACHE)).match(BASE);
  if (!kept) return answer;
  const late = new Promise((done) => setTimeout(done, PATIENCE_MS));
  try {
    const found = await Promise.race([answer, late]);
    return found && found.status < 500 ? found : kept;
  } catch {
    return kept;
  }
}

// Only a page that starts with the files kept here: not that of a newer build, and not a sign-in page in its place.
async function keep(answer) {
  if (!answer.ok || answer.redirected) return;
  const copy = answer.clone();
  if ((await answer.text()).includes(`"${BOOT}"`)) await (await caches.open(CACHE)).put(BASE, copy);
}

async function file(event, request) {
  const kept = await caches.match(request.url);
  if (kept) return kept;
  const found = await fetch(request);
  if (found.ok) {
    const copy = found.clone();
    // A device without room for it has it from the server each time.
    event.waitUntil(caches.open(CACHE).then((cache) => cache.put(request.url, copy)).catch(() => {}));
  }
  return found;
}
