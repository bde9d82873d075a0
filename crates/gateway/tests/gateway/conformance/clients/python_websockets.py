"""Statements of docs/protocol.md, made to a running gateway by the Python client `websockets` (10 or newer).

Usage: python3 python_websockets.py ws://127.0.0.1:PORT/ws
Prints `ok NAME` or `FAILED NAME: what was found` per statement; exit code 1 if one failed.
"""

import asyncio
import json
import re
import sys
import traceback

import websockets
from websockets.exceptions import ConnectionClosed

URL_OF_GATEWAY = sys.argv[1]
WAIT_S = 20
LONG = "\u00e4\u20ac\U0001f600" * 1_500


def hello(term, session="s"):
    payload = {"protocol": 7, "client": "websockets", "session": session, "term": term}
    return {"type": "hello", "channel": "system", "payload": payload}


def ping(n, sent_at):
    return {"type": "ping", "channel": "system", "payload": {"n": n, "sentAt": sent_at}}


def say(id, conversation, content="x"):
    payload = {"conversationId": conversation, "content": content}
    return {"id": id, "type": "chat.message", "channel": "chat", "payload": payload}


class Client:
    """A socket, and what it received that nobody has asked for yet."""

    @classmethod
    async def open(cls, user):
        """Opens a socket as `user`, without a hello."""
        client = cls()
        client.waiting = []
        client.frames = []
        client.socket = await websockets.connect(f"{URL_OF_GATEWAY}?user={user}")
        return client

    @classmethod
    async def greeted(cls, user, term=1):
        """Opens a socket and says hello."""
        client = await cls.open(user)
        await client.send(hello(term))
        client.welcome = await client.next("welcome")
        return client

    async def send(self, *envelopes):
        """Sends envelopes in one text frame: one as an object, several as an array."""
        await self.socket.send(json.dumps(envelopes[0] if len(envelopes) == 1 else envelopes))

    async def next(self, *types):
        """The next envelope of a type; others before it are passed over."""
        while True:
            while self.waiting:
                envelope = self.waiting.pop(0)
                if envelope["type"] in types:
                    return envelope
            data = await asyncio.wait_for(self.socket.recv(), WAIT_S)
            self.frames.append(type(data))
            frame = json.loads(data)
            self.waiting.extend(frame if isinstance(frame, list) else [frame])

    async def closed(self):
        """Code and reason of the close frame."""
        try:
            while True:
                await asyncio.wait_for(self.socket.recv(), WAIT_S)
        except ConnectionClosed as error:
            assert error.rcvd is not None, "ended without a close frame"
            return error.rcvd.code, error.rcvd.reason

    async def subscribe(self, channel, topic=None, since=None):
        """Subscribes to one topic or channel; the answer's payload."""
        entry = {"channel": channel}
        entry.update({"topic": topic} if topic else {})
        entry.update({"since": since} if since else {})
        await self.send({"type": "subscribe", "channel": "system", "payload": {"channels": [entry]}})
        return (await self.next("subscribed", "denied"))["payload"]

    async def stays(self):
        """Shows that the connection is still served."""
        await self.send(ping(77, 5))
        same((await self.next("pong"))["payload"], {"n": 77, "sentAt": 5})

    async def acked(self, count):
        """Acknowledged ids, until there are `count`."""
        ids = []
        while len(ids) < count:
            ids.extend((await self.next("ack"))["payload"]["ids"])
        return ids


def same(found, expected):
    assert found == expected, f"found {found!r}, expected {expected!r}"


async def hello_is_answered_by_welcome(name):
    payload = (await Client.greeted(name, 3)).welcome["payload"]
    same([payload[key] for key in ("protocol", "session", "user", "maxMessageBytes")], [1, "s", name, 65_536])


async def anything_before_hello_closes_with_4400(name):
    client = await Client.open(name)
    await client.send(say("m", name))
    same((await client.next("error"))["payload"]["id"], "m")
    same((await client.closed())[0], 4400)


async def a_second_hello_is_invalid_and_the_socket_stays(name):
    client = await Client.greeted(name)
    await client.send(hello(2))
    same((await client.next("error"))["payload"]["code"], "invalid")
    await client.stays()


async def ping_comes_back_unchanged(name):
    await (await Client.greeted(name)).stays()


async def a_ping_of_websocket_is_answered_by_its_pong(name):
    client = await Client.greeted(name)
    pong = await client.socket.ping("seven")
    await asyncio.wait_for(pong, WAIT_S)


async def text_and_binary_frames_are_taken_and_binary_ones_sent(name):
    client = await Client.greeted(name)
    await client.socket.send(json.dumps(say("text", name)))
    await client.socket.send(json.dumps(say("binary", name)).encode())
    same(await client.acked(2), ["text", "binary"])
    same(set(client.frames), {bytes})


async def a_message_in_fragments_is_one_message(name):
    client = await Client.greeted(name)
    text = json.dumps(say("m", name))
    await client.socket.send([text[:9], text[9:10], text[10:]])
    same(await client.acked(1), ["m"])


async def a_long_event_arrives_whole(name):
    client = await Client.greeted(name)
    await client.subscribe("chat", name)
    await client.send(say("m", name, LONG))
    same((await client.next("chat.message"))["payload"]["content"], LONG)


async def the_lower_term_of_a_session_is_closed_with_4410(name):
    old = await Client.greeted(name, 1)
    await Client.greeted(name, 2)
    same((await old.closed())[0], 4410)


async def overlapping_subscriptions_are_denied(name):
    client = await Client.greeted(name)
    await client.subscribe("chat")
    same((await client.subscribe("chat", name))["code"], "invalid")


async def a_subscription_too_many_is_denied(name):
    client = await Client.greeted(name)
    channels = [{"channel": "chat", "topic": f"{name}-{n}"} for n in range(257)]
    await client.send({"type": "subscribe", "channel": "system", "payload": {"channels": channels}})
    denied = (await client.next("denied"))["payload"]
    same([denied["topic"], denied["code"]], [f"{name}-256", "invalid"])
    assert "256" in denied["message"], denied


async def a_cursor_of_this_epoch_resumes_exactly(name):
    before = await Client.greeted(name)
    base = await before.subscribe("chat", name)
    await before.send(say("m", name))
    await before.acked(1)
    before.socket.transport.abort()
    client = await Client.greeted(name)
    since = {"epoch": base["epoch"], "seq": base["seq"]}
    resumed = await client.subscribe("chat", name, since)
    same([resumed[key] for key in ("continuity", "epoch", "seq")], ["exact", base["epoch"], base["seq"]])
    event = await client.next("chat.message")
    same([event["prev"], event["cause"]], [base["seq"], "m"])


async def a_cursor_of_another_epoch_is_a_gap_in_chat_and_a_snapshot_of_incidents(name):
    client = await Client.greeted(name)
    since = {"epoch": "another", "seq": 1}
    same((await client.subscribe("chat", name, since))["continuity"], "gap")
    same((await client.subscribe("incidents", None, since))["continuity"], "snapshot")


async def events_carry_the_cause_and_the_chain(name):
    client = await Client.greeted(name)
    cursor = (await client.subscribe("chat", name))["seq"]
    for id in ("a", "b", "c"):
        await client.send(say(id, name))
        event = await client.next("chat.message")
        same([event["prev"], event["cause"]], [cursor, id])
        assert event["seq"] > cursor, event
        cursor = event["seq"]


async def the_same_id_with_the_same_content_is_acked_again_without_effect(name):
    client = await Client.greeted(name)
    await client.subscribe("chat", name)
    for id in ("m", "m", "after"):
        await client.send(say(id, name))
        same(await client.acked(1), [id])
    same((await client.subscribe("chat", name))["continuity"], "snapshot")
    items = (await client.next("snapshot"))["payload"]["items"]
    same([item["payload"]["id"] for item in items], ["m", "after"])


async def the_same_id_with_other_content_is_duplicate_id(name):
    client = await Client.greeted(name)
    await client.send(say("m", name, "one"))
    await client.acked(1)
    await client.send(say("m", name, "two"))
    nack = (await client.next("nack"))["payload"]
    same([nack["id"], nack["code"], "retryAfterMs" in nack], ["m", "duplicate_id", False])


async def a_created_incident_is_in_the_snapshot_and_a_second_one_a_conflict(name):
    client = await Client.greeted(name)
    payload = {"id": name, "title": "Disk full"}
    create = {"type": "incident.create", "channel": "incidents", "payload": payload}
    await client.send({"id": "m1", **create})
    same(await client.acked(1), ["m1"])
    await client.send({"id": "m2", **create})
    same((await client.next("nack"))["payload"]["code"], "conflict")
    await client.subscribe("incidents", name)
    items = (await client.next("snapshot"))["payload"]["items"]
    same([item["payload"]["data"]["title"] for item in items], ["Disk full"])


async def unknown_types_are_refused_for_good(name):
    client = await Client.greeted(name)
    await client.send({**say("m", name), "type": "chat.sing"})
    nack = (await client.next("nack"))["payload"]
    same([nack["code"], "retryAfterMs" in nack], ["unknown_type", False])


async def an_unknown_channel_is_left_out_of_its_frame(name):
    client = await Client.greeted(name)
    strange = {"id": "w", "type": "weather.rain", "channel": "weather", "payload": {}}
    await client.send(strange, say("m", name))
    answers = [await client.next("ack", "nack") for _ in range(2)]
    payloads = {answer["type"]: answer["payload"] for answer in answers}
    same(payloads["ack"]["ids"], ["m"])
    same([payloads["nack"]["id"], payloads["nack"]["code"]], ["w", "unknown_type"])


async def what_is_not_json_closes_with_4400(name):
    client = await Client.greeted(name)
    await client.socket.send("not json")
    same((await client.next("error"))["payload"]["code"], "bad_frame")
    same((await client.closed())[0], 4400)


async def more_than_64_levels_of_nesting_close_with_4400(name):
    client = await Client.greeted(name)
    await client.socket.send("[" * 65 + "]" * 65)
    same((await client.closed())[0], 4400)


async def a_frame_over_the_limit_names_the_message_and_closes_with_1009(name):
    client = await Client.greeted(name)
    await client.send(say("m", name, "x" * 65_536))
    error = (await client.next("error"))["payload"]
    same([error["id"], error["code"]], ["m", "too_big"])
    same((await client.closed())[0], 1009)


async def text_that_is_not_utf_8_closes_with_1007(name):
    client = await Client.greeted(name)
    # The library sends valid text only: a masked text frame by hand, its mask of zeros.
    client.socket.transport.write(bytes([0x81, 0x82, 0, 0, 0, 0, 0xFF, 0xFE]))
    same((await client.closed())[0], 1007)


async def several_envelopes_travel_in_one_frame(name):
    client = await Client.greeted(name)
    ids = [f"m{n}" for n in range(300)]
    await client.send(*[say(id, name) for id in ids])
    same(await client.acked(300), ids)


async def more_than_512_envelopes_in_a_frame_close_with_4400(name):
    client = await Client.greeted(name)
    await client.send(*[ping(1, 1)] * 513)
    same((await client.closed())[0], 4400)


async def commands_above_the_rate_of_the_welcome_are_refused_for_now(name):
    client = await Client.greeted(name)
    same(client.welcome["payload"]["rate"], 1_000)
    for frame in range(12):
        await client.send(*[say(f"m{frame}-{n}", name) for n in range(400)])
    nack = (await client.next("nack"))["payload"]
    same(nack["code"], "rate_limited")
    assert nack["retryAfterMs"] > 0, nack
    await client.stays()


async def ten_times_the_rate_closes_with_4429_and_a_time(name):
    client = await Client.greeted(name)
    # Nothing answers these: a client that reads little is not closed for that instead.
    channels = [{"channel": "chat", "topic": name}]
    one = {"type": "unsubscribe", "channel": "system", "payload": {"channels": channels}}
    many = json.dumps([one] * 512)

    async def flood():
        while True:
            await client.socket.send(many)

    try:
        await asyncio.wait_for(flood(), WAIT_S)
    except ConnectionClosed:
        pass
    code, reason = await client.closed()
    same(code, 4429)
    assert reason.startswith("retry after 60 s"), reason


async def a_connection_too_many_closes_with_4429_and_a_time(name):
    clients = []
    for n in range(9):
        client = await Client.open(name)
        await client.send(hello(1, f"s{n}"))
        if n < 8:
            await client.next("welcome")
        clients.append(client)
    code, reason = await clients[8].closed()
    same(code, 4429)
    assert re.match("retry after 30 s.*8 connections", reason), reason


async def a_close_is_answered_with_its_code(name):
    client = await Client.greeted(name)
    await client.socket.close(1000, "done")
    same((await client.closed())[0], 1000)


STATEMENTS = [
    value
    for name, value in list(globals().items())
    if asyncio.iscoroutinefunction(value) and value.__module__ == __name__
]


async def main():
    failed = False
    for number, statement in enumerate(STATEMENTS):
        name = statement.__name__
        try:
            await statement(f"who-{number}")
            print(f"ok {name}")
        except Exception as error:
            line = traceback.extract_tb(error.__traceback__)[1].lineno
            print(f"FAILED {name}: line {line}: {type(error).__name__}: {error}")
            failed = True
    return failed


# `main` is no statement: the list was made before it.
sys.exit(1 if asyncio.run(main()) else 0)
