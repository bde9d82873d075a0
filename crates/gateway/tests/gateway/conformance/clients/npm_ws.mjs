// Statements of docs/protocol.md, made to a running gateway by the npm client `ws`.
// Usage: node npm_ws.mjs ws://127.0.0.1:PORT/ws
// Prints `ok NAME` or `FAILED NAME: what was found` per statement; exit code 1 if one failed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";

// The one place that pins the version.
const { WebSocket } = createRequire(new URL("../../../../../../e2e/package.json", import.meta.url))("ws");

const URL_OF_GATEWAY = process.argv[2];
const WAIT_MS = 20_000;

class Client {
  /** Opens a socket as `user`, without a hello. */
  static async open(user) {
    const client = new Client();
    client.waiting = [];
    client.isBinary = [];
    client.closing = null;
    client.changed = () => {};
    client.socket = new WebSocket(`${URL_OF_GATEWAY}?user=${user}`);
    client.socket.on("message", (data, isBinary) => {
      client.isBinary.push(isBinary);
      const frame = JSON.parse(data.toString("utf8"));
      client.waiting.push(...(Array.isArray(frame) ? frame : [frame]));
      client.changed();
    });
    client.socket.on("close", (code, reason) => {
      client.closing = { code, reason: reason.toString("utf8") };
      client.changed();
    });
    // A close follows, and says why.
    client.socket.on("error", () => {});
    await once(client.socket, "open");
    return client;
  }

  /** Opens a socket and says hello. */
  static async greeted(user, term = 1) {
    const client = await Client.open(user);
    client.send(hello(term));
    client.welcome = await client.next("welcome");
    return client;
  }

  /** Sends envelopes in one text frame: one as an object, several as an array. */
  send(...envelopes) {
    this.socket.send(JSON.stringify(envelopes.length === 1 ? envelopes[0] : envelopes));
  }

  /** The next envelope of a type; others before it are passed over. */
  async next(...types) {
    return this.until(() => {
      while (this.waiting.length > 0) {
        const envelope = this.waiting.shift();
        if (types.includes(envelope.type)) return envelope;
      }
      assert.equal(this.closing, null, `closed while waiting for ${types}`);
    }, types.join(" or "));
  }

  /** Code and reason of the close frame. */
  async closed() {
    return this.until(() => this.closing, "a close frame");
  }

  async until(look, what) {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const found = look();
      if (found) return found;
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${what} in ${WAIT_MS} ms`)), deadline - Date.now());
        this.changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Subscribes to one topic or channel; the answer's payload. */
  async subscribe(channel, topic, since) {
    this.send({ type: "subscribe", channel: "system", payload: { channels: [{ channel, topic, since }] } });
    return (await this.next("subscribed", "denied")).payload;
  }

  /** Shows that the connection is still served. */
  async stays() {
    this.send(ping(77, 5));
    assert.deepEqual((await this.next("pong")).payload, { n: 77, sentAt: 5 });
  }

  /** Acknowledged ids, until there are `count`. */
  async acked(count) {
    const ids = [];
    while (ids.length < count) ids.push(...(await this.next("ack")).payload.ids);
    return ids;
  }
}

const hello = (term, session = "s") => ({
  type: "hello",
  channel: "system",
  payload: { protocol: 7, client: "ws", session, term },
});
const ping = (n, sentAt) => ({ type: "ping", channel: "system", payload: { n, sentAt } });
const say = (id, conversationId, content = "x") => ({
  id,
  type: "chat.message",
  channel: "chat",
  payload: { conversationId, content },
});

/** Each gets a name, for users and conversations that no other statement uses. */
const statements = {
  async hello_is_answered_by_welcome(name) {
    const { welcome } = await Client.greeted(name, 3);
    assert.equal(welcome.payload.protocol, 1);
    assert.equal(welcome.payload.session, "s");
    assert.equal(welcome.payload.user, name);
    assert.equal(welcome.payload.maxMessageBytes, 65_536);
  },

  async anything_before_hello_closes_with_4400(name) {
    const client = await Client.open(name);
    client.send(say("m", name));
    assert.equal((await client.next("error")).payload.id, "m");
    assert.equal((await client.closed()).code, 4400);
  },

  async a_second_hello_is_invalid_and_the_socket_stays(name) {
    const client = await Client.greeted(name);
    client.send(hello(2));
    assert.equal((await client.next("error")).payload.code, "invalid");
    await client.stays();
  },

  async ping_comes_back_unchanged(name) {
    await (await Client.greeted(name)).stays();
  },

  async a_ping_of_websocket_is_answered_by_its_pong(name) {
    const client = await Client.greeted(name);
    const pong = once(client.socket, "pong");
    client.socket.ping("seven");
    assert.equal((await pong)[0].toString(), "seven");
  },

  async text_and_binary_frames_are_taken_and_binary_ones_sent(name) {
    const client = await Client.greeted(name);
    client.socket.send(JSON.stringify(say("text", name)), { binary: false });
    client.socket.send(Buffer.from(JSON.stringify(say("binary", name))), { binary: true });
    assert.deepEqual(await client.acked(2), ["text", "binary"]);
    assert.ok(client.isBinary.every((is) => is));
  },

  async a_message_in_fragments_is_one_message(name) {
    const client = await Client.greeted(name);
    const text = JSON.stringify(say("m", name));
    client.socket.send(text.slice(0, 9), { fin: false });
    client.socket.send(text.slice(9, 10), { fin: false });
    client.socket.send(text.slice(10), { fin: true });
    assert.deepEqual(await client.acked(1), ["m"]);
  },

  async a_long_event_arrives_whole(name) {
    const client = await Client.greeted(name);
    await client.subscribe("chat", name);
    const content = "ä€😀".repeat(1_500);
    client.send(say("m", name, content));
    assert.equal((await client.next("chat.message")).payload.content, content);
  },

  async the_lower_term_of_a_session_is_closed_with_4410(name) {
    const old = await Client.greeted(name, 1);
    await Client.greeted(name, 2);
    assert.equal((await old.closed()).code, 4410);
  },

  async overlapping_subscriptions_are_denied(name) {
    const client = await Client.greeted(name);
    await client.subscribe("chat");
    assert.equal((await client.subscribe("chat", name)).code, "invalid");
  },

  async a_subscription_too_many_is_denied(name) {
    const client = await Client.greeted(name);
    const channels = Array.from({ length: 257 }, (_, n) => ({ channel: "chat", topic: `${name}-${n}` }));
    client.send({ type: "subscribe", channel: "system", payload: { channels } });
    const denied = (await client.next("denied")).payload;
    assert.equal(denied.topic, `${name}-256`);
    assert.equal(denied.code, "invalid");
    assert.match(denied.message, /256/);
  },

  async a_cursor_of_this_epoch_resumes_exactly(name) {
    const before = await Client.greeted(name);
    const { epoch, seq } = await before.subscribe("chat", name);
    before.send(say("m", name));
    await before.acked(1);
    before.socket.terminate();
    const client = await Client.greeted(name);
    const resumed = await client.subscribe("chat", name, { epoch, seq });
    assert.deepEqual([resumed.continuity, resumed.epoch, resumed.seq], ["exact", epoch, seq]);
    const event = await client.next("chat.message");
    assert.deepEqual([event.prev, event.cause], [seq, "m"]);
  },

  async a_cursor_of_another_epoch_is_a_gap_in_chat_and_a_snapshot_of_incidents(name) {
    const client = await Client.greeted(name);
    const since = { epoch: "another", seq: 1 };
    assert.equal((await client.subscribe("chat", name, since)).continuity, "gap");
    assert.equal((await client.subscribe("incidents", undefined, since)).continuity, "snapshot");
  },

  async events_carry_the_cause_and_the_chain(name) {
    const client = await Client.greeted(name);
    let { seq: cursor } = await client.subscribe("chat", name);
    for (const id of ["a", "b", "c"]) {
      client.send(say(id, name));
      const event = await client.next("chat.message");
      assert.deepEqual([event.prev, event.cause], [cursor, id]);
      assert.ok(event.seq > cursor);
      cursor = event.seq;
    }
  },

  async the_same_id_with_the_same_content_is_acked_again_without_effect(name) {
    const client = await Client.greeted(name);
    await client.subscribe("chat", name);
    for (const id of ["m", "m", "after"]) {
      client.send(say(id, name));
      assert.deepEqual(await client.acked(1), [id]);
    }
    const { continuity } = await client.subscribe("chat", name);
    assert.equal(continuity, "snapshot");
    const { items } = (await client.next("snapshot")).payload;
    assert.deepEqual(items.map((item) => item.payload.id), ["m", "after"]);
  },

  async the_same_id_with_other_content_is_duplicate_id(name) {
    const client = await Client.greeted(name);
    client.send(say("m", name, "one"));
    await client.acked(1);
    client.send(say("m", name, "two"));
    const { id, code, retryAfterMs } = (await client.next("nack")).payload;
    assert.deepEqual([id, code, retryAfterMs], ["m", "duplicate_id", undefined]);
  },

  async a_created_incident_is_in_the_snapshot_and_a_second_one_a_conflict(name) {
    const client = await Client.greeted(name);
    const create = (id) => ({
      id,
      type: "incident.create",
      channel: "incidents",
      payload: { id: name, title: "Disk full" },
    });
    client.send(create("m1"));
    assert.deepEqual(await client.acked(1), ["m1"]);
    client.send(create("m2"));
    assert.equal((await client.next("nack")).payload.code, "conflict");
    await client.subscribe("incidents", name);
    const { items } = (await client.next("snapshot")).payload;
    assert.deepEqual([items.length, items[0].payload.data.title], [1, "Disk full"]);
  },

  async unknown_types_are_refused_for_good(name) {
    const client = await Client.greeted(name);
    client.send({ ...say("m", name), type: "chat.sing" });
    const { code, retryAfterMs } = (await client.next("nack")).payload;
    assert.deepEqual([code, retryAfterMs], ["unknown_type", undefined]);
  },

  async an_unknown_channel_is_left_out_of_its_frame(name) {
    const client = await Client.greeted(name);
    client.send({ id: "w", type: "weather.rain", channel: "weather", payload: {} }, say("m", name));
    const answers = [await client.next("ack", "nack"), await client.next("ack", "nack")];
    assert.deepEqual(answers.find(({ type }) => type === "ack").payload.ids, ["m"]);
    const { id, code } = answers.find(({ type }) => type === "nack").payload;
    assert.deepEqual([id, code], ["w", "unknown_type"]);
  },

  async what_is_not_json_closes_with_4400(name) {
    const client = await Client.greeted(name);
    client.socket.send("not json");
    assert.equal((await client.next("error")).payload.code, "bad_frame");
    assert.equal((await client.closed()).code, 4400);
  },

  async more_than_64_levels_of_nesting_close_with_4400(name) {
    const client = await Client.greeted(name);
    client.socket.send("[".repeat(65) + "]".repeat(65));
    assert.equal((await client.closed()).code, 4400);
  },

  async a_frame_over_the_limit_names_the_message_and_closes_with_1009(name) {
    const client = await Client.greeted(name);
    client.send(say("m", name, "x".repeat(65_536)));
    const { id, code } = (await client.next("error")).payload;
    assert.deepEqual([id, code], ["m", "too_big"]);
    assert.equal((await client.closed()).code, 1009);
  },

  async text_that_is_not_utf_8_closes_with_1007(name) {
    const client = await Client.greeted(name);
    client.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    assert.equal((await client.closed()).code, 1007);
  },

  async several_envelopes_travel_in_one_frame(name) {
    const client = await Client.greeted(name);
    const ids = Array.from({ length: 300 }, (_, n) => `m${n}`);
    client.send(...ids.map((id) => say(id, name)));
    assert.deepEqual(await client.acked(300), ids);
  },

  async more_than_512_envelopes_in_a_frame_close_with_4400(name) {
    const client = await Client.greeted(name);
    client.send(...Array.from({ length: 513 }, () => ping(1, 1)));
    assert.equal((await client.closed()).code, 4400);
  },

  async commands_above_the_rate_of_the_welcome_are_refused_for_now(name) {
    const client = await Client.greeted(name);
    assert.equal(client.welcome.payload.rate, 1_000);
    for (let frame = 0; frame < 12; frame += 1) {
      client.send(...Array.from({ length: 400 }, (_, n) => say(`m${frame}-${n}`, name)));
    }
    const { code, retryAfterMs } = (await client.next("nack")).payload;
    assert.equal(code, "rate_limited");
    assert.ok(retryAfterMs > 0);
    await client.stays();
  },

  async ten_times_the_rate_closes_with_4429_and_a_time(name) {
    const client = await Client.greeted(name);
    // Nothing answers these: a client that reads little is not closed for that instead.
    const channels = [{ channel: "chat", topic: name }];
    const one = { type: "unsubscribe", channel: "system", payload: { channels } };
    const many = JSON.stringify(Array.from({ length: 512 }, () => one));
    const deadline = Date.now() + WAIT_MS;
    while (client.closing === null) {
      assert.ok(Date.now() < deadline, "still open");
      if (client.socket.bufferedAmount < 1 << 20) client.socket.send(many, () => {});
      // What arrives is read between the frames.
      await new Promise(setImmediate);
    }
    assert.equal(client.closing.code, 4429);
    assert.match(client.closing.reason, /^retry after 60 s/);
  },

  async a_connection_too_many_closes_with_4429_and_a_time(name) {
    for (let n = 0; n < 8; n += 1) {
      const client = await Client.open(name);
      client.send(hello(1, `s${n}`));
      await client.next("welcome");
    }
    const ninth = await Client.open(name);
    ninth.send(hello(1, "s9"));
    const { code, reason } = await ninth.closed();
    assert.equal(code, 4429);
    assert.match(reason, /^retry after 30 s.*8 connections/);
  },

  async a_close_is_answered_with_its_code(name) {
    const client = await Client.greeted(name);
    client.socket.close(1000, "done");
    assert.equal((await client.closed()).code, 1000);
  },
};

for (const [number, [name, statement]] of Object.entries(statements).entries()) {
  try {
    await statement(`who-${number}`);
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`FAILED ${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}
// Connections are left open; the gateway ends with the test.
process.exit();
