// Web Locks, which web-sys has behind an unstable flag only.

// One lock as one tab sees it. Whatever belongs to an earlier turn (a request answered after it was
// withdrawn, the end of one that was replaced) is not reported.
export class TabLock {
  #name;
  #tell;
  #turn = 0;
  #end = null;

  // `tell` gets "granted", "lost" or "unavailable", never from inside a call.
  constructor(name, tell) {
    this.#name = name;
    this.#tell = tell;
  }

  // Queues for it.
  request() {
    const abort = new AbortController();
    this.#begin({ signal: abort.signal }, () => abort.abort());
  }

  // Takes it from its holder.
  steal() {
    this.#begin({ steal: true }, null);
  }

  // Gives it back, or leaves the queue.
  release() {
    this.#turn += 1;
    const end = this.#end;
    this.#end = null;
    end?.();
  }

  #begin(options, withdraw) {
    this.release();
    const turn = this.#turn;
    const tell = (event) => {
      if (turn === this.#turn) this.#tell(event);
    };
    this.#end = withdraw;
    let granted = false;
    const held = globalThis.navigator.locks.request(this.#name, options, () => {
      if (turn !== this.#turn) return undefined;
      granted = true;
      return new Promise((release) => {
        this.#end = release;
        tell("granted");
      });
    });
    // Stolen, or refused from the start (an opaque origin).
    held.catch(() => tell(granted ? "lost" : "unavailable"));
  }
}

// The names of the locks that are held, by any tab, and begin so.
export async function held(prefix) {
  const state = await globalThis.navigator.locks.query();
  return state.held.map((lock) => lock.name).filter((name) => name.startsWith(prefix));
}
