#!/usr/bin/env python3
"""An SMS centre on this machine: takes SMPP 3.4 binds and texts, and sends delivery receipts soon after. Standard library only, and nothing
of Martlet's own codec, so that both sides cannot share a mistake.

usage: smsc.py --port N [--log FILE] [--undelivered SHARE] [--delay SECONDS]

Phones decide what happens: …40 has no such number, …77 every other time gets no answer. Everything else is accepted; SHARE of the
messages is not delivered. FILE gets one JSON line for each part, as the phone would show it.
"""
import argparse
import asyncio
import datetime
import json
import random
import signal
import struct

BINDS = {0x01, 0x02, 0x09}
SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK, GENERIC_NACK = 0x04, 0x05, 0x06, 0x15, 0x80000000
INVALID_DESTINATION, INVALID_COMMAND = 0x0B, 0x03
ESCAPED = dict(zip(b"\x0a\x14(\x29/<=>@e", "\f^{}\\[~]|€"))
BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"


def gsm(octets):
    """The default alphabet of GSM 03.38, one octet for each septet."""
    text, escaped = "", False
    for octet in octets:
        if escaped:
            text, escaped = text + ESCAPED.get(octet, " "), False
        elif octet == 0x1B:
            escaped = True
        else:
            text += BASIC[octet & 0x7F]
    return text


def c_string(body, at):
    end = body.index(0, at)
    return body[at:end].decode("latin-1"), end + 1


def parse_submit(body):
    """Source, destination, text and whether a receipt is wanted, of a submit_sm's body."""
    _, at = c_string(body, 0)
    source, at = c_string(body, at + 2)
    destination, at = c_string(body, at + 2)
    esm_class = body[at]
    _, at = c_string(body, at + 3)
    _, at = c_string(body, at)
    registered, coding, length = body[at], body[at + 2], body[at + 4]
    content = body[at + 5 : at + 5 + length]
    at += 5 + length
    while at + 4 <= len(body):
        tag, size = struct.unpack_from(">HH", body, at)
        if tag == 0x0424:
            content = body[at + 4 : at + 4 + size]
        at += 4 + size
    if esm_class & 0x40 and content:
        content = content[1 + content[0] :]
    text = content.decode("utf-16-be", "replace") if coding == 8 else content.decode("latin-1") if coding == 3 else gsm(content)
    return source, destination, text, registered & 3 == 1


def deliver_body(source, destination, text):
    head = b"\0\1\1" + source.encode() + b"\0\5\0" + destination.encode() + b"\0"
    return head + bytes([0x04, 0, 0]) + b"\0\0" + bytes([0, 0, 0, 0, len(text)]) + text.encode("ascii")


class Centre:
    def __init__(self, options):
        self.options = options
        self.log = open(options.log, "a", buffering=1, encoding="utf-8") if options.log else None
        self.receivers = []
        self.count = random.randrange(1 << 20)
        self.sequence = 0
        self.unanswered = {}

    async def serve(self, reader, writer):
        try:
            while True:
                length, command, _, sequence = struct.unpack(">IIII", await reader.readexactly(16))
                if not 16 <= length <= 65536:
                    break
                if not self.handle(writer, command, sequence, await reader.readexactly(length - 16)):
                    break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client closed, which it may
        finally:
            if writer in self.receivers:
                self.receivers.remove(writer)
            writer.close()

    def send(self, writer, command, sequence, body=b"", status=0):
        if not writer.is_closing():
            writer.write(struct.pack(">IIII", 16 + len(body), command, status, sequence) + body)

    def handle(self, writer, command, sequence, body):
        """False ends the connection."""
        if command in BINDS:
            self.send(writer, command | GENERIC_NACK, sequence, b"quickstart\0")
            if command != 0x02:
                self.receivers.append(writer)
        elif command == SUBMIT_SM:
            self.submit(writer, sequence, body)
        elif command == ENQUIRE_LINK:
            self.send(writer, command | GENERIC_NACK, sequence)
        elif command == UNBIND:
            self.send(writer, command | GENERIC_NACK, sequence)
            return False
        elif command == DELIVER_SM | GENERIC_NACK:
            self.unanswered.pop(sequence, None)
        elif not command & GENERIC_NACK:
            self.send(writer, GENERIC_NACK, sequence, status=INVALID_COMMAND)
        return True

    def submit(self, writer, sequence, body):
        source, destination, text, wants_receipt = parse_submit(body)
        if destination.endswith("40"):
            return self.send(writer, SUBMIT_SM | GENERIC_NACK, sequence, status=INVALID_DESTINATION)
        self.count += 1
        number = f"{self.count:08X}"
        if self.log:
            now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
            self.log.write(json.dumps({"at": now, "id": number, "from": source, "to": destination, "text": text}, ensure_ascii=False) + "\n")
        if not (destination.endswith("77") and random.random() < 0.5):
            answer = number.encode() + b"\0"
            asyncio.get_running_loop().call_later(
                random.uniform(0.015, 0.06), self.send, writer, SUBMIT_SM | GENERIC_NACK, sequence, answer)
        if wants_receipt:
            # Some come before the answer of the submit; as they do.
            delay = self.options.delay * random.uniform(0.2, 2)
            asyncio.get_running_loop().call_later(delay, self.receipt, number, source, destination)

    def receipt(self, number, source, destination):
        # By the phone, so that all parts of a text fare alike.
        failed = random.Random(destination).random() < self.options.undelivered
        state, error = random.Random(destination + "?").choice([("UNDELIV", "011"), ("EXPIRED", "027")]) if failed else ("DELIVRD", "000")
        date = datetime.datetime.now().strftime("%y%m%d%H%M")
        # In decimal, for ids that were given in hexadecimal: some centres do that.
        text = f"id:{int(number, 16)} sub:001 dlvrd:{0 if failed else 1:03} submit date:{date} done date:{date} stat:{state} err:{error} text:"
        self.deliver(deliver_body(destination, source, text))

    def deliver(self, body, tries=0):
        loop = asyncio.get_running_loop()
        if not self.receivers:
            return loop.call_later(1, self.deliver, body, tries)  # kept until somebody binds
        self.sequence = self.sequence % 0x7FFFFFFF + 1
        sequence = self.sequence
        self.unanswered[sequence] = body
        self.send(random.choice(self.receivers), DELIVER_SM, sequence, body)
        loop.call_later(10, self.again, sequence, tries)

    def again(self, sequence, tries):
        body = self.unanswered.pop(sequence, None)
        if body is not None and tries < 30:
            self.deliver(body, tries + 1)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log")
    parser.add_argument("--undelivered", type=float, default=0.03)
    parser.add_argument("--delay", type=float, default=0.2)
    centre = Centre(parser.parse_args())
    server = await asyncio.start_server(centre.serve, "127.0.0.1", centre.options.port)
    end = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, end.set)
    async with server:
        await end.wait()


asyncio.run(main())
