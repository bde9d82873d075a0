// What the tests count, disturb and look at in the browser. One file for the modules `store` and `tabs`: the test runner's
// web server answers four requests at a time, and a program that imports more scripts at once never starts.

// The store.

// The databases of this module's tests. What the other modules' tests do in this worker is neither counted nor disturbed.
const rigs = new Set();
export function watch(name) { rigs.add(name); }
// Keeps the durability of every readwrite transaction from here on.
const seen = [], databases = [];
const original = IDBDatabase.prototype.transaction;
IDBDatabase.prototype.transaction = function (...args) {
    const made = original.apply(this, args);
    if (!rigs.has(this.name)) return made;
    databases.push(this);
    if (made.mode === "readwrite") seen.push(made.durability);
    else uncommitted += 1;
    if (made.mode === "readwrite" && next) {
        disturbed.set(made, next);
        next = null;
        queueMicrotask(() => disturb(made));
    }
    return made;
};
// Transactions that read and wait for this thread to take the answers before they end.
let uncommitted = 0;
export function uncommitted_reads() { return uncommitted; }
const plain = IDBTransaction.prototype.commit;
IDBTransaction.prototype.commit = function () {
    if (rigs.has(this.db.name) && this.mode !== "readwrite") uncommitted -= 1;
    return disturbed.has(this) ? disturb(this) : plain.call(this);
};
// What becomes of the next transaction that writes: where it wants to commit, or, where it commits by itself, when its requests
// are made.
let next = null;
const disturbed = new Map();
const disturb = (made) => {
    const act = disturbed.get(made);
    disturbed.delete(made);
    act?.(made);
};
const at_next_commit = (act) => { next = act; };
export function abort_next() { at_next_commit((made) => made.abort()); }
export function durabilities() { return seen.splice(0).join(" "); }

const opened = (name, version, upgrade) => new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => upgrade?.(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
});
// Counts how often everything is read.
let reads = 0;
const { getAll } = IDBObjectStore.prototype;
IDBObjectStore.prototype.getAll = function (...args) {
    if (rigs.has(this.transaction.db.name)) reads += 1;
    return getAll.apply(this, args);
};
export function reads_of_all() { return reads; }
// Puts bytes of our choice into a store of ours.
export async function plant(name, store, key, bytes) {
    const db = await opened(name);
    const tx = db.transaction(store, "readwrite");
    tx.objectStore(store).put(bytes, key);
    await new Promise((resolve) => { tx.oncomplete = resolve; });
    db.close();
}
// An older tab that does not let go when asked.
let held;
export async function hold(name) { held = await opened(name, undefined, (db) => db.createObjectStore("outbox")); }
export function let_go() { held.close(); }
// Closes every database under its owner, as a browser in trouble does.
export function close_all() { for (const db of databases.splice(0)) db.close(); }
// As in some private windows.
const factory = Object.getOwnPropertyDescriptor(WorkerGlobalScope.prototype, "indexedDB");
export function no_storage(on) {
    Object.defineProperty(self, "indexedDB", on ? { value: null, configurable: true } : { ...factory });
}
// The next transaction meets a full disk, which shows at commit and only in `transaction.error`.
export function fill_disk() {
    at_next_commit((made) => {
        Object.defineProperty(made, "error", { value: new DOMException("full", "QuotaExceededError") });
        made.abort();
    });
}
// The first byte of every record, as it lies there.
export async function layouts(name) {
    const db = await opened(name);
    const names = ["outbox", "failed", "meta"];
    const tx = db.transaction(names);
    const all = names.map((store) => tx.objectStore(store).getAll());
    await new Promise((resolve) => { tx.oncomplete = resolve; });
    db.close();
    return all.flatMap((request) => request.result.map((bytes) => bytes[0])).join(" ");
}
// The second put from here on fails, as on a full disk.
export function fail_second_put() {
    const put = IDBObjectStore.prototype.put;
    let count = 0;
    IDBObjectStore.prototype.put = function (...args) {
        if (!rigs.has(this.transaction.db.name)) return put.apply(this, args);
        count += 1;
        if (count < 2) return put.apply(this, args);
        IDBObjectStore.prototype.put = put;
        throw new DOMException("full", "QuotaExceededError");
    };
}
// What another tab of a newer build does.
export async function upgrade(name, version) { (await opened(name, version)).close(); }

// Locks and leases.

const own = Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, "locks");
// As on a plain http page.
export function web_locks(on) {
    Object.defineProperty(navigator, "locks", on ? { ...own, configurable: true } : { value: undefined, configurable: true });
}
const leases = () => new Promise((resolve, reject) => {
    const request = indexedDB.open("sentinelops leases", 1);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
});
// As a page does that goes away.
export function page_says(channel, bytes) {
    const sender = new BroadcastChannel(channel);
    sender.postMessage(bytes);
    sender.close();
}
async function done(db, transaction) {
    await new Promise((resolve) => { transaction.oncomplete = resolve; });
    db.close();
}
// What a tab that crashed a minute ago left behind.
export async function plant_expired(name) {
    const db = await leases();
    const transaction = db.transaction("leases", "readwrite");
    transaction.objectStore("leases").put({ holder: "crashed", until: Date.now() - 60000 }, name);
    await done(db, transaction);
}
export async function lease_names() {
    const db = await leases();
    const transaction = db.transaction("leases");
    const keys = transaction.objectStore("leases").getAllKeys();
    await done(db, transaction);
    return keys.result.join(" ");
}
