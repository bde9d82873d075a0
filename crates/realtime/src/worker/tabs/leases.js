// Where a browser has no Web Locks (they want https), leases in IndexedDB stand in for them. A holder
// renews its lease every second, and a lease not renewed for five seconds is free. After a sleep of
// the machine that is true of every lease: so what is found free is taken at the next look only, and
// its holder, which woke with everybody else, has renewed it by then. A holder that alone sleeps for
// longer loses it without knowing. That is no worse than being robbed of a lock while frozen: where
// there is a store, the leader looks at the stored term before it acts after any sleep.

const LEASE_MS = 5_000;
const RENEW_MS = 1_000;
const STORE = "leases";

let opening = null;

function database() {
  opening ??= new Promise((resolve, reject) => {
    const forget = () => {
      opening = null;
    };
    const request = indexedDB.open("sentinelops leases", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onerror = () => {
      forget();
      reject(request.error);
    };
    request.onsuccess = () => {
      request.result.onclose = forget;
      request.result.onversionchange = () => {
        forget();
        request.result.close();
      };
      resolve(request.result);
    };
  });
  return opening;
}

// Looks and writes in one transaction. `decide` gets the lease that is there and answers `{ put }`,
// `{ remove: true }` or neither; its answer comes back once it is true.
async function change(name, decide) {
  const transaction = (await database()).transaction(STORE, "readwrite", { durability: "relaxed" });
  const store = transaction.objectStore(STORE);
  return new Promise((resolve, reject) => {
    let decided = {};
    const found = store.get(name);
    found.onsuccess = () => {
      decided = decide(found.result);
      if (decided.put) store.put(decided.put, name);
      if (decided.put && !found.result) sweep(store, Date.now());
      if (decided.remove) store.delete(name);
    };
    transaction.oncomplete = () => resolve(decided);
    transaction.onabort = () => reject(transaction.error);
  });
}

// One that reaches further than any lease was written when the clock was ahead.
const isFree = (lease, now) => !lease || lease.until <= now || lease.until > now + LEASE_MS;

// What tabs that crashed left behind.
function sweep(store, now) {
  const cursor = store.openCursor();
  cursor.onsuccess = () => {
    const found = cursor.result;
    if (!found) return;
    if (isFree(found.value, now)) found.delete();
    found.continue();
  };
}

// The same to its caller as a lock of the browser: see `TabLock`.
export class Lease {
  #name;
  #tell;
  #holder = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16)).join("-");
  #turn = 0;
  #held = false;
  // At the last look the lease was there and free.
  #ranOut = false;
  #timer = null;

  constructor(name, tell) {
    this.#name = name;
    this.#tell = tell;
  }

  request() {
    this.#begin(false);
  }

  steal() {
    this.#begin(true);
  }

  release() {
    const begun = this.#turn > 0;
    this.#turn += 1;
    this.#held = false;
    this.#ranOut = false;
    clearTimeout(this.#timer);
    const holder = this.#holder;
    // Behind whatever this turn still has under way: transactions on one store run in order.
    if (begun) change(this.#name, (lease) => ({ remove: lease?.holder === holder })).catch(() => {});
  }

  #begin(steal) {
    this.release();
    void this.#round(this.#turn, steal);
  }

  // Takes it if it may, renews it if it has it, and comes again.
  async #round(turn, steal) {
    let decided;
    try {
      decided = await change(this.#name, (lease) => {
        if (turn !== this.#turn) return {};
        const now = Date.now();
        const mine = lease?.holder === this.#holder;
        if (this.#held && !mine) return { lost: true };
        const ranOutBefore = this.#ranOut;
        this.#ranOut = Boolean(lease) && isFree(lease, now);
        if (!steal && !mine && lease && !(this.#ranOut && ranOutBefore)) return {};
        return { put: { holder: this.#holder, until: now + LEASE_MS } };
      });
    } catch {
      if (turn === this.#turn) this.#tell("unavailable");
      return;
    }
    if (turn !== this.#turn) return;
    if (decided.lost) {
      this.#turn += 1;
      this.#held = false;
      this.#tell("lost");
      return;
    }
    this.#timer = setTimeout(() => this.#round(turn, false), RENEW_MS);
    if (decided.put && !this.#held) {
      this.#held = true;
      this.#tell("granted");
    }
  }
}

// The names of the leases that are held and begin so.
export async function namesLeased(prefix) {
  const store = (await database()).transaction(STORE).objectStore(STORE);
  const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
  return new Promise((resolve, reject) => {
    const names = [];
    const cursor = store.openCursor(range);
    cursor.onerror = () => reject(cursor.error);
    cursor.onsuccess = () => {
      const found = cursor.result;
      if (!found) return resolve(names);
      if (!isFree(found.value, Date.now())) names.push(found.key);
      found.continue();
    };
  });
}
