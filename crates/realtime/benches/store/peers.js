// What is measured beside ours: rows written by hand, Dexie, and workbox-background-sync.

const database = (name) => new Promise((resolve, reject) => {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("outbox");
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const write = (db, rows) => new Promise((resolve, reject) => {
  const tx = db.transaction("outbox", "readwrite", { durability: "strict" });
  const store = tx.objectStore("outbox");
  for (const row of rows) store.put(row, [row.priority, row.order]);
  tx.oncomplete = resolve;
  tx.onabort = () => reject(tx.error);
  tx.commit();
});

const envelope = (id, payload) =>
  JSON.stringify({ id, type: "chat.message", channel: "chat", payload: JSON.parse(payload), timestamp: 0, priority: "normal" });

// One strict transaction for each row, or one at a time with everything that came meanwhile.
class Raw {
  #db;
  #grouped;
  #order = 0;
  #waiting = [];
  #busy = false;

  constructor(db, grouped) {
    this.#db = db;
    this.#grouped = grouped;
  }

  // Resolves when it is durable.
  send(id, payload) {
    const row = {
      id, order: ++this.#order, priority: 2, kind: "chat.message", channel: "chat", attempts: 0,
      bytes: envelope(id, payload),
      orderingKey: "chat/c", createdAt: Date.now(), possiblySent: false, owner: "tab",
    };
    if (!this.#grouped) return write(this.#db, [row]);
    return new Promise((resolve) => {
      this.#waiting.push({ row, resolve });
      this.#pump();
    });
  }

  async #pump() {
    if (this.#busy) return;
    this.#busy = true;
    // What comes in this tick goes together.
    await null;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0);
      await write(this.#db, group.map(({ row }) => row));
      for (const { resolve } of group) resolve();
    }
    this.#busy = false;
  }
}

// A package as it is published, served beside the bench: its file is a script, not a module.
async function load(path) {
  const address = `/node_modules/${path}`;
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}; run npm ci in the root of the checkout`);
  (0, eval)(await answer.text());
}

// It is made for service workers: of what they have and others lack it asks for a registration.
async function loadWorkbox() {
  if (globalThis.workbox?.backgroundSync) return;
  globalThis.registration = { scope: location.href, sync: { register: async () => {} } };
  for (const part of ["core", "background-sync"]) await load(`workbox-${part}/build/workbox-${part}.prod.js`);
}

// A table as its documentation has it: each `add` is a transaction, here a strict one as ours are.
class OfDexie {
  #table;

  constructor(name) {
    const db = new Dexie(name, { chromeTransactionDurability: "strict" });
    db.version(1).stores({ outbox: "++order, priority" });
    this.#table = db.outbox;
  }

  send(id, payload) {
    return this.#table.add({
      id, priority: 2, kind: "chat.message", channel: "chat", attempts: 0, bytes: envelope(id, payload),
      orderingKey: "chat/c", createdAt: Date.now(), possiblySent: false,
    });
  }
}

// One transaction for each request, which it leaves to be "relaxed": it resolves before the disk has it.
class Workbox {
  #queue;

  constructor(name) {
    this.#queue = new workbox.backgroundSync.Queue(name);
  }

  send(id, payload) {
    const request = new Request("https://ops.example.com/messages", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: envelope(id, payload),
    });
    return this.#queue.pushRequest({ request });
  }
}

// How each is driven.
export class Peer {
  #queue;

  static async open(kind, name) {
    const peer = new Peer();
    if (kind === "workbox") {
      await loadWorkbox();
      peer.#queue = new Workbox(name);
    } else if (kind === "dexie") {
      globalThis.Dexie ?? (await load("dexie/dist/dexie.min.js"));
      peer.#queue = new OfDexie(name);
    } else {
      peer.#queue = new Raw(await database(name), kind === "group");
    }
    return peer;
  }

  // `count` messages, `chunk` of them a task: ms until the last one is stored.
  async burst(count, chunk, payload) {
    const began = performance.now();
    const all = [];
    for (let sent = 0; sent < count; sent += chunk) {
      for (let n = 0; n < chunk; n += 1) all.push(this.#queue.send(`${began}-${sent + n}`, payload));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await Promise.all(all);
    return performance.now() - began;
  }

  // `rate` a second for `seconds`: ms from sending to stored, sorted.
  async paced(rate, seconds, payload) {
    const took = [], all = [], began = performance.now();
    for (let sent = 0; sent < rate * seconds;) {
      const due = Math.min(((performance.now() - began) * rate) / 1000, rate * seconds);
      for (; sent < due; sent += 1) {
        const at = performance.now();
        all.push(this.#queue.send(`${began}-${sent}`, payload).then(() => took.push(performance.now() - at)));
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await Promise.all(all);
    return Float64Array.from(took).sort();
  }
}
