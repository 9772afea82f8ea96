"""Tests of the independent verifier: recordings built here from the specification, then damaged.

The writer below follows `recorder/README.md` and shares no code with the recorder. Every failure name of the
specification has at least one damage that must be called by it, and thousands of seeded random changes must never be
called sound and never raise. Run:  python3 -m unittest test_chaperone_verify  (CHAPERONE_FUZZ_SECONDS sets how long).
"""

import base64
import contextlib
import hashlib
import hmac
import io
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
import uuid
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import chaperone_verify as cv

HERE = Path(__file__).resolve().parent
SPECIFICATION = HERE.parent / "README.md"
FIXTURES = Path(os.environ.get("CHAPERONE_FIXTURES", HERE.parent / "tests" / "fixtures"))
SESSION = uuid.UUID("0198a1c2-7e5d-7c3a-9b1f-4d2e6f708192")
SEAL_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
EVIDENCE_ID = X25519PrivateKey.from_private_bytes(bytes([7] * 32))
UNMASK_ID = X25519PrivateKey.from_private_bytes(bytes([8] * 32))
STRANGER_ID = X25519PrivateKey.from_private_bytes(bytes([9] * 32))
OUTPUT, STDERR, INPUT, GATE = 0, 1, 2, 3
# Each is another type, or another spelling, than a header has.
HEADER_FIELDS = (
    {"monotonic_origin_ns": 5},
    {"monotonic_origin_ns": "05"},
    {"facts": []},
    {"started": "2026-11-28 06:00:00Z"},
    {"started": "2026-11-28T06:00:00.10Z"},
    {"session": str(SESSION).upper()},
)


def raw(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def b64(data):
    return base64.b64encode(data).decode()


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- age, the encrypting half -----------------------------------------------------------------------------------------


def hkdf(key, salt, info):
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(key)


def age_encrypt(plain, recipients, file_key=bytes(range(16)), extra_stanza=b""):
    unpadded = lambda data: base64.b64encode(data).rstrip(b"=")
    lines = b"age-encryption.org/v1\n" + extra_stanza
    for number, recipient in enumerate(recipients):
        ephemeral = X25519PrivateKey.from_private_bytes(bytes([100 + number] * 32))
        wrap = hkdf(
            ephemeral.exchange(recipient),
            raw(ephemeral) + recipient.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw),
            b"age-encryption.org/v1/X25519",
        )
        body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
        lines += b"-> X25519 " + unpadded(raw(ephemeral)) + b"\n" + unpadded(body) + b"\n"
    lines += b"---"
    mac = hmac.new(hkdf(file_key, b"", b"header"), lines, hashlib.sha256).digest()
    nonce = bytes(range(16, 32))
    cipher = ChaCha20Poly1305(hkdf(file_key, nonce, b"payload"))
    chunks = [plain[at : at + 65536] for at in range(0, len(plain), 65536)] or [b""]
    payload = b"".join(
        cipher.encrypt(n.to_bytes(11, "big") + bytes([n == len(chunks) - 1]), chunk, None)
        for n, chunk in enumerate(chunks)
    )
    return lines + b" " + unpadded(mac) + b"\n" + nonce + payload


def identity_text(identity):
    """An identity as `age-keygen` writes it (Bech32)."""
    data = identity.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    bits = int.from_bytes(data, "big") << 4
    values = [bits >> shift & 31 for shift in range(255, -1, -5)]
    prefix = "age-secret-key-"
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values + [0] * 6
    checksum = cv._bech32_checksum(expanded) ^ 1
    values += [checksum >> shift & 31 for shift in range(25, -1, -5)]
    return (prefix + "1" + "".join(cv.BECH32[value] for value in values)).upper()


# --- A small writer ---------------------------------------------------------------------------------------------------


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


class Record:
    def __init__(self, delta, channel, tag, fields, typed=b"", count=None):
        self.delta, self.typed, self.count = delta, typed, count
        self.evidence = bytes([tag]) + varint(delta) + varint(0 if channel is None else channel + 1) + fields


def event(delta, channel, kind, body):
    body = cv.canonical_json(body) if not isinstance(body, bytes) else body
    return Record(delta, channel, 0x01, varint(len(kind)) + kind.encode() + varint(len(body)) + body)


def data(delta, channel, stream, content):
    return Record(
        delta, channel, 0x10 + stream, varint(len(content)) + content, b"", ("received", channel, stream, len(content))
    )


def typed(delta, channel, stream, content):
    return Record(
        delta, channel, 0x20 + stream, varint(len(content)), content, ("received", channel, stream, len(content))
    )


def delivered(delta, channel, stream, total):
    return Record(delta, channel, 0x30 + stream, varint(total), b"", ("delivered", channel, stream, total))


class Writer:
    """Builds a recording. `pieces` are the header, the blocks and the seal, so that a test can cut between them."""

    def __init__(self, identity=SESSION, key=SEAL_KEY, **header):
        self.session, self.key = identity, key
        self.keys = {name: sha(b"data key of ", name.encode()) for name in ("evidence", "input")}
        wrap_to = {"evidence": [EVIDENCE_ID.public_key()], "input": [UNMASK_ID.public_key()]}
        entries = {
            name: {
                "commitment": sha(cv.KEY_LABEL, name.encode(), b"\n", identity.bytes, secret).hex(),
                "recipients": ["age1" + name],
                "wrapped": b64(age_encrypt(secret, wrap_to[name])),
            }
            for name, secret in self.keys.items()
        }
        self.fields = {
            "format": 1,
            "session": str(identity),
            "started": "2026-11-28T06:00:00.000000001Z",
            "monotonic_origin_ns": "123456789",
            "durability": "prompt",
            "seal_key": b64(raw(key)),
            "facts": {"target": "pump-server-1", "person": "Dana", "ratio": 0.5},
            "keys": entries,
        }
        self.fields.update(header)
        self.pieces = [self.header_bytes()]
        self.chain = self.c0 = sha(cv.CHAIN_LABEL, self.pieces[0])
        self.nonce = self.ordinal = self.time = self.records = 0
        self.counts = {}

    def header_bytes(self, version=1):
        text = cv.canonical_json(self.fields)
        signed = b"CHAPREC\n" + struct.pack(">HHI", version, 0, len(text)) + text
        return signed + self.key.sign(cv.HEADER_LABEL + signed)

    def count(self, records):
        self.records += len(records)
        for record in records:
            if record.count:
                what, channel, stream, number = record.count
                entry = self.counts.setdefault((channel, stream), {"received": 0, "delivered": 0})
                entry[what] = number if what == "delivered" else entry[what] + number

    def block(self, records, compress=False, change=None, **head):
        """Appends a block; `change` may rewrite both plaintexts, `head` replaces fields of the head."""
        self.ordinal += 1
        self.nonce = head.get("nonce", self.nonce + 3)
        first = self.time
        self.time += sum(record.delta for record in records)
        self.count(records)
        plains = [b"".join(r.evidence for r in records), b"".join(r.typed for r in records)]
        plains = change(*plains) if change else plains
        flags, stored = 0, list(plains)
        if compress:
            import zstandard

            flags = (1 if plains[0] else 0) | (2 if plains[1] else 0)
            stored = [zstandard.ZstdCompressor(level=1).compress(p) if p else p for p in plains]
            stored = compress(stored) if callable(compress) else stored
        sizes = [len(s) + 16 if s else 0 for s in stored]
        raw_head = struct.pack(
            ">4sBBH8sQQQQIIIII",
            b"CBLK",
            1,
            flags,
            0,
            head.get("name", self.c0[:8]),
            head.get("ordinal", self.ordinal),
            self.nonce,
            first,
            head.get("last", self.time),
            head.get("count", len(records)),
            *sizes,
            head.get("plain", len(plains[0])),
            len(plains[1]),
        )
        nonce = bytes(4) + struct.pack(">Q", self.nonce)
        sections = b"".join(
            AESGCM(head.get("key", self.keys[name])).encrypt(nonce, s, raw_head + self.chain) if s else b""
            for name, s in zip(("evidence", "input"), stored)
        )
        return self._append(raw_head + sections)

    def _append(self, body):
        self.chain = sha(cv.BLOCK_LABEL, self.chain, body)
        self.pieces.append(body + self.chain)
        return self

    def frames(self, batches, change=None, **head):
        """Appends a block of frames, one for each batch of records; `change` may rewrite frame n's head fields."""
        self.ordinal += 1
        self.nonce = head.get("nonce", self.nonce)
        before, frames, first = self.chain, b"", self.time
        for number, records in enumerate(batches):
            self.nonce += 1
            base = self.time
            self.time += sum(record.delta for record in records)
            plains = [b"".join(r.evidence for r in records), b"".join(r.typed for r in records)]
            fields = [b"CFRM", number, self.c0[:8], self.ordinal, self.nonce, base, self.time, len(records)]
            fields = change(number, fields) if change else fields
            raw_head = struct.pack(">4sI8sQQQQIII", *fields, *[len(p) + 16 if p else 0 for p in plains])
            nonce = bytes(4) + struct.pack(">Q", fields[4])
            body = raw_head + b"".join(
                AESGCM(self.keys[name]).encrypt(nonce, p, raw_head + before) if p else b""
                for name, p in zip(("evidence", "input"), plains)
            )
            before = sha(cv.FRAME_LABEL, before, body)
            frames += body + before
        frames += head.get("behind", b"")
        total = head.get("count", sum(map(len, batches)))
        return self._append(
            struct.pack(
                ">4sBBH8sQQQQIIIII",
                b"CBLK",
                2,
                0,
                0,
                self.c0[:8],
                self.ordinal,
                self.nonce,
                first,
                self.time,
                total,
                len(frames),
                0,
                len(frames),
                0,
            )
            + frames
        )

    def seal(self, state="sealed", key=None, **fields):
        key = key or self.key
        channels = sorted({channel for channel, _ in self.counts})
        values = {
            "session": str(self.session),
            "recording": self.c0.hex(),
            "state": state,
            "blocks": self.ordinal,
            "chain": self.chain.hex(),
            "records": str(self.records),
            "bytes": str(sum(entry["received"] for entry in self.counts.values())),
            "first_at": "2026-11-28T06:00:00Z",
            "last_at": "2026-11-28T06:00:01Z",
            "at": "2026-11-28T06:00:02Z",
            "reason": "closed",
            "seal_key": b64(raw(key)),
            "coverage": coverage_json(channels),
            "counts": counts_json(self.counts),
        }
        if state == "recovered":
            values.update(
                records=None,
                bytes=None,
                counts=counts_json({}),
                coverage=coverage_json([]),
                recovery={
                    "frames": 2,
                    "left_bytes": "0",
                    "left_sha256": sha().hex(),
                    "checkpoint": None,
                    "reaches_checkpoint": True,
                },
            )
        values.update(fields)
        text = cv.canonical_json(values)
        signed = b"CSEL" + struct.pack(">I", len(text)) + text
        self.pieces.append(
            signed + key.sign(cv.SEAL_LABEL + signed) + struct.pack(">I", len(signed) + 76) + b"CHAPEND\n"
        )
        return self

    def bytes(self):
        return b"".join(self.pieces)


def coverage_json(channels):
    return [{"channel": channel, "coverage": "captured", "why": ""} for channel in channels]


def counts_json(counts):
    return [
        {
            "channel": channel,
            "stream": cv.STREAMS[stream],
            "received": str(entry["received"]),
            "delivered": str(entry["delivered"]),
        }
        for (channel, stream), entry in sorted(counts.items())
    ]


def sample(writer=None):
    """A shell with typed input (channel 0) and a command (channel 1), in four blocks, one of them compressed."""
    writer = writer or Writer()
    writer.block(
        [
            event(0, None, "session", {"gate": "north"}),
            event(5, 0, "channel-open", {"kind": "shell"}),
            typed(10, 0, INPUT, b"uptime\r"),
            data(3, 0, OUTPUT, b"up 3 days\r\n"),
        ]
    )
    writer.block(
        [data(0, 0, OUTPUT, b"line of output\r\n" * 3000), typed(1, 0, INPUT, b"hunter2 " * 600)], compress=True
    )
    writer.block(
        [event(0, 1, "channel-open", {"kind": "exec"}), data(9, 1, INPUT, b"piped in"), data(2, 1, STDERR, b"warning")]
    )
    writer.block(
        [delivered(0, 0, OUTPUT, 48011), delivered(1, 1, INPUT, 8), event(1, None, "end", {"reason": "closed"})]
    )
    return writer


def recovered():
    writer = Writer()
    writer.block([event(0, 0, "channel-open", {"kind": "shell"}), data(3, 0, OUTPUT, b"one")])
    writer.frames([[data(0, 0, OUTPUT, b"two")], [typed(4, 0, INPUT, b"x")], [data(2, 0, OUTPUT, b"three")]])
    return writer


def judge(recording, identities=(), keys=(SEAL_KEY,), ledger=None):
    return cv.verify_recording(recording, [raw(key) for key in keys], identities, ledger)


def flip(recording, at, bit=0):
    changed = bytearray(recording)
    changed[at] ^= 1 << bit
    return bytes(changed)


class Sound(unittest.TestCase):
    def test_a_sealed_recording_is_sound_at_each_depth(self):
        whole = sample().seal().bytes()
        for identities, content in (
            ((), "not-opened"),
            ((EVIDENCE_ID,), "evidence-opened"),
            ((STRANGER_ID, UNMASK_ID, EVIDENCE_ID), "all-opened"),
        ):
            verdict = judge(whole, identities)
            self.assertTrue(verdict.sound, verdict)
            self.assertEqual((verdict.content, verdict.state), (content, "sealed"))
            self.assertEqual((verdict.sound_blocks, verdict.sound_bytes), (4, len(whole)))
        self.assertEqual((str(verdict.sound_until), verdict.coverage()), ("2026-11-28T06:00:00.000000033Z", "captured"))

    def test_a_recovered_recording_is_sound_also_under_another_trusted_node_s_key(self):
        writer = recovered().seal("recovered", key=OTHER_KEY)
        self.assertTrue(judge(writer.bytes(), (EVIDENCE_ID, UNMASK_ID), (SEAL_KEY, OTHER_KEY)).sound)
        self.assertEqual(judge(writer.bytes(), (), (SEAL_KEY,)).failure, "wrong-key")

    def test_a_recording_without_blocks_is_sound(self):
        self.assertTrue(judge(Writer().seal(first_at=None, last_at=None).bytes(), (EVIDENCE_ID,)).sound)

    def test_the_ledger_s_view_agrees(self):
        writer = sample().seal()
        chains = [writer.c0] + [piece[-32:] for piece in writer.pieces[1:-1]]
        view = cv.LedgerView(str(SESSION), list(enumerate(chains)), sha(writer.pieces[-1]))
        verdict = judge(writer.bytes(), ledger=view)
        self.assertTrue(verdict.sound and verdict.ledger_asked)

    def test_a_file_on_disk_reads_as_its_bytes_do(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "session.chap"
            path.write_bytes(sample().seal().bytes())
            self.assertTrue(judge(path, (EVIDENCE_ID,)).sound)
            self.assertEqual(judge(folder).failure, "unreadable")
            self.assertEqual(judge(path.with_name("absent")).failure, "unreadable")


class Damage(unittest.TestCase):
    """One damage for each failure name, at least."""

    named = set()

    def assert_named(self, name, recording, identities=(), keys=(SEAL_KEY,), ledger=None, block=None, sound=None):
        recording = recording.bytes() if isinstance(recording, Writer) else recording
        verdict = judge(recording, identities, keys, ledger)
        self.assertFalse(verdict.sound)
        self.assertEqual(verdict.failure, name, verdict.detail)
        if block is not None:
            self.assertEqual(verdict.block, block)
        if sound is not None:
            self.assertEqual(verdict.sound_blocks, sound)
        Damage.named.add(name)
        return verdict

    @classmethod
    def tearDownClass(cls):
        missing = set(cv.FAILURES) - cls.named
        assert not missing, f"no test makes {missing}"

    def test_names_are_those_of_the_specification(self):
        if not SPECIFICATION.exists():
            self.skipTest("the specification is not beside this file")
        section = SPECIFICATION.read_text().split("\n## Verifying")[1].split("\n## ")[0]
        rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
        self.assertEqual({name for row in rows for name in re.findall("`([a-z-]+)`", row)}, set(cv.FAILURES))

    def test_beginning(self):
        good = sample().seal().bytes()
        self.assert_named("unreadable", "/nonexistent/recording.chap")
        self.assert_named("unreadable", "/dev/null")
        for bad in (b"SSH", b"SSH-2.0-OpenSSH\r\n" * 10, flip(good, 3)):
            self.assert_named("not-a-recording", bad)
        self.assert_named("unknown-version", flip(good, 9, 1))
        self.assert_named("unknown-version", sample(Writer(format=2)).seal())
        for bad in (b"", b"CHAPRE", good[:12], good[:300], flip(good, 11), flip(good, 12, 7), flip(good, 16)):
            self.assert_named("header-damaged", bad)
        for change in ({"session": "not a uuid"}, {"keys": {}}, {"durability": "later"}, {"seal_key": "AAAA"}, *HEADER_FIELDS):
            self.assert_named("header-damaged", Writer(**change).seal())
        place = good.index(b'"Dana"') + 2
        self.assert_named("header-signature", flip(good, place))
        self.assert_named("header-signature", flip(good, len(sample().pieces[0]) - 1))
        self.assert_named("wrong-key", good, keys=(OTHER_KEY,))

    def test_header_json_is_canonical_and_has_each_name_once(self):
        writer = Writer()
        for text in (
            b'{"format":1,' + cv.canonical_json(writer.fields)[1:],
            json.dumps(writer.fields).encode(),
            b'{"a":' + b"[" * 101 + b"]" * 101 + b"}",
            b"[" * 200_000,
            b'{"format":' + b"9" * 200_000 + b"}",
            b'{"format":NaN}',
            b'{"a":"\\ud800"}',
            b"[1]",
            b"\xff",
        ):
            signed = b"CHAPREC\n" + struct.pack(">HHI", 1, 0, len(text)) + text
            self.assert_named("header-damaged", signed + SEAL_KEY.sign(cv.HEADER_LABEL + signed))

    def test_chain(self):
        writer = sample().seal()
        pieces, good = writer.pieces, writer.bytes()
        starts = [sum(map(len, pieces[:n])) for n in range(len(pieces) + 1)]
        for at in (4, 5, 6, 8, 15, 16, 23, 24, 36, 44, 50, 52, 61, 80, len(pieces[2]) - 1):
            verdict = self.assert_named("chain-broken", flip(good, starts[2] + at), block=2, sound=1)
            self.assertEqual((verdict.offset, verdict.sound_bytes), (starts[2], starts[2]))
        for cut in (starts[3] - 1, starts[2] + 1, starts[2] + 5, starts[2] + 67, starts[5] - 3):
            self.assert_named("truncated", good[:cut])
        longer = good[: starts[2] + 52] + (5000).to_bytes(4, "big") + good[starts[2] + 56 :]
        self.assert_named("chain-broken", longer, block=2, sound=1)
        self.assert_named("truncated", longer[:-1], block=2, sound=1)
        self.assert_named("not-a-block", flip(good, starts[2]), block=2, sound=1)
        self.assert_named("not-a-block", good[: starts[2]] + bytes(500))
        self.assert_named("foreign-block", sample().block([], name=b"other on").seal(), block=5)
        joined = lambda *order: b"".join(pieces[n] for n in order)
        self.assert_named("block-missing", joined(0, 1, 3, 4, 5), block=2, sound=1)
        self.assert_named("block-missing", joined(0, 2, 3, 4, 5), block=1, sound=0)
        self.assert_named("reordered", joined(0, 1, 3, 2, 4, 5), block=2, sound=1)
        self.assert_named("duplicated", joined(0, 1, 2, 2, 3, 4, 5), block=3, sound=2)
        self.assert_named("nonce-reused", sample().block([], nonce=1).seal(), block=5, sound=4)
        self.assert_named("nonce-reused", sample().block([], nonce=12).seal(), block=5, sound=4)

    def test_the_first_nonce_is_larger_than_zero(self):
        self.assert_named("nonce-reused", Writer().block([data(0, 0, OUTPUT, b"x")], nonce=0).seal(), block=1, sound=0)

    def test_a_block_of_another_recording(self):
        other = sample(Writer(uuid.UUID(int=5)))
        pieces = sample().seal().pieces
        self.assert_named("foreign-block", b"".join(pieces[:2] + other.pieces[2:3] + pieces[3:]), block=2)
        renamed = other.pieces[2][:8] + sample().c0[:8] + other.pieces[2][16:]
        self.assert_named("chain-broken", b"".join(pieces[:2] + [renamed] + pieces[3:]), block=2)
        self.assert_named("foreign-seal", b"".join(pieces[:-1] + other.seal().pieces[-1:]))
        self.assert_named("foreign-seal", sample().seal(session=str(uuid.UUID(int=5))))

    def test_frames(self):
        def field(frame, index, value):
            return lambda n, fields: fields[:index] + [value] + fields[index + 1 :] if n == frame else fields

        batches = lambda: [[data(0, 0, OUTPUT, b"two")], [typed(4, 0, INPUT, b"x")]]
        start = lambda: Writer().block([event(0, 0, "channel-open", {})])
        self.assertTrue(judge(start().frames(batches()).seal("recovered").bytes()).sound)
        for change in (
            field(1, 0, b"CFRN"),
            field(1, 1, 5),
            field(0, 2, b"other on"),
            field(1, 3, 9),
            field(0, 4, 3),
            field(1, 4, 4),
            field(1, 6, 99),
            field(0, 5, 7),
        ):
            self.assert_named("frames-broken", start().frames(batches(), change).seal("recovered"), block=2, sound=1)
        self.assert_named("frames-broken", start().frames(batches(), behind=b"CFRM").seal("recovered"))
        self.assert_named("frames-broken", start().frames(batches(), count=7).seal("recovered"))
        self.assert_named("frames-broken", start().frames([], nonce=9).seal("recovered"))
        writer = start().frames(batches())
        body = bytearray(writer.pieces[2][:-32])
        body[68 + 60] ^= 1
        writer.chain = sha(cv.BLOCK_LABEL, writer.pieces[1][-32:], bytes(body))
        writer.pieces[2] = bytes(body) + writer.chain
        self.assert_named("frames-broken", writer.seal("recovered"))

    def test_end(self):
        writer = sample().seal()
        good, seal = writer.bytes(), writer.pieces[-1]
        start = len(good) - len(seal)
        self.assert_named("missing-seal", good[:start], sound=4)
        self.assert_named("tail-cut", b"".join(writer.pieces[:3] + [seal]), sound=2)
        for cut in (start + 2, start + 6, start + 90, len(good) - 1):
            self.assert_named("truncated", good[:cut])
        for at in (start + 4, start + 8, len(good) - 1, len(good) - 9):
            self.assert_named("seal-damaged", flip(good, at, 5))
        for change in (
            {"state": "done"},
            {"blocks": -1},
            {"chain": "00"},
            {"counts": [{"channel": 0}]},
            {"coverage": 5},
            {"records": None},
            {"records": 12},
            {"blocks": "4"},
            {"at": "noon"},
            {"first_at": 5},
            {"reason": None},
            {"coverage": [{"channel": 0, "coverage": "mostly", "why": ""}]},
            {"counts": {}},
            {"first_at": None},
            {"last_at": None},
            {"at": "2026-11-28T06:00:02+00:00"},
            {"at": "2026-11-28T06:00:02.50Z"},
            {"recording": "AB" * 32},
            {"session": str(SESSION).upper()},
            {"bytes": "+5"},
            {"recovery": {}},
            {"counts": counts_json(sample().counts) + counts_json(sample().counts)[:1]},
        ):
            self.assert_named("seal-damaged", sample().seal(**change))
        for change in ({"recovery": None}, {"records": "5"}, {"bytes": "5"}, {"counts": counts_json(sample().counts)}):
            self.assert_named("seal-damaged", recovered().seal("recovered", **change))
        found = {
            "frames": 2,
            "left_bytes": "0",
            "left_sha256": "00" * 32,
            "checkpoint": [1, "11" * 32],
            "reaches_checkpoint": True,
        }
        self.assertTrue(judge(recovered().seal("recovered", recovery=found).bytes()).sound)
        for change in (
            {"frames": "2"},
            {"frames": 2**32},
            {"left_bytes": 0},
            {"left_sha256": ""},
            {"checkpoint": [1]},
            {"reaches_checkpoint": 1},
        ):
            self.assert_named("seal-damaged", recovered().seal("recovered", recovery=dict(found, **change)))
        self.assert_named("seal-signature", flip(good, good.index(b'"closed"') + 2))
        self.assert_named("seal-signature", flip(good, len(good) - 20))
        self.assert_named("second-seal", good + seal)
        self.assert_named("bytes-after-seal", good + b"\0")
        self.assert_named("bytes-after-seal", good + writer.pieces[1])
        self.assert_named("chain-not-sealed", sample().seal(chain="11" * 32))
        self.assert_named("chain-not-sealed", sample().seal(blocks=3))
        self.assert_named("wrong-key", sample().seal(key=OTHER_KEY), keys=(SEAL_KEY, OTHER_KEY))

    def test_ledger(self):
        writer = sample().seal()
        good, digest = writer.bytes(), sha(writer.pieces[-1])
        chains = [piece[-32:] for piece in writer.pieces[1:-1]]
        view = lambda checkpoints, seal=digest, session=str(SESSION): cv.LedgerView(session, checkpoints, seal)
        self.assert_named("foreign-recording", good, ledger=view([], session=str(uuid.UUID(int=5))))
        self.assert_named("ledger-mismatch", good, ledger=view([(1, chains[0]), (2, chains[0])]), block=2, sound=1)
        self.assert_named("ledger-mismatch", good, ledger=view([(0, chains[0])]), sound=0)
        self.assert_named("tail-cut", good, ledger=view([(5, chains[0])]), sound=4)
        self.assert_named("tail-cut", b"".join(writer.pieces[:3]), ledger=view([(4, chains[3])]), sound=2)
        self.assert_named("seal-not-in-ledger", good, ledger=view([(4, chains[3])], sha(b"another")))
        self.assert_named("seal-not-in-ledger", good, ledger=view([(4, chains[3])], None))

    def test_keys(self):
        good = sample().seal().bytes()
        self.assert_named("wrong-identity", good, (STRANGER_ID,), sound=0)
        self.assert_named("wrong-identity", good, (UNMASK_ID,))
        for name in ("evidence", "input"):
            for secret in (bytes(32), b"short"):
                writer = Writer()
                writer.fields["keys"][name]["wrapped"] = b64(
                    age_encrypt(secret, [EVIDENCE_ID.public_key(), UNMASK_ID.public_key()])
                )
                again = Writer(keys=writer.fields["keys"])
                self.assert_named("key-commitment-mismatch", again.seal(), (EVIDENCE_ID, UNMASK_ID))
        keys = Writer().fields["keys"]
        keys["evidence"]["wrapped"] = b64(b"not age at all")
        self.assert_named("wrong-identity", Writer(keys=keys).seal(), (EVIDENCE_ID,))

    def test_content(self):
        both = (EVIDENCE_ID, UNMASK_ID)
        records = lambda: [data(0, 0, OUTPUT, b"text " * 100), typed(1, 0, INPUT, b"abc")]
        self.assert_named("content-broken", sample().block(records(), key=bytes(32)).seal(), both, block=5, sound=4)
        for mutate in (
            lambda s: [s[0] + b"x", s[1]],
            lambda s: [s[0] * 2, s[1]],
            lambda s: [s[0][:-3], s[1]],
            lambda s: [b"no zstd at all", s[1]],
            lambda s: [s[0], s[1] + b"x"],
        ):
            self.assert_named("content-broken", sample().block(records(), compress=mutate).seal(), both, block=5)
        self.assert_named("content-broken", sample().block(records(), compress=True, plain=400).seal(), both)
        self.assert_named("content-broken", sample().block(records(), compress=True, plain=600).seal(), both)

    def test_a_decompression_bomb_stays_small(self):
        import zstandard

        bomb = lambda s: [zstandard.ZstdCompressor(level=1).compress(bytes(400_000_000)), s[1]]
        self.assert_named(
            "content-broken", Writer().block([data(0, 0, OUTPUT, b"x")], compress=bomb).seal(), (EVIDENCE_ID,)
        )

    def test_records(self):
        both = (EVIDENCE_ID, UNMASK_ID)
        bad = lambda record: Writer().block([record]).seal()
        for tag, fields in (
            (0x00, b""),
            (0x02, b"\0\0"),
            (0x16, b"\0"),
            (0x26, b"\0"),
            (0x36, b"\0"),
            (0x40, b"\0"),
            (0x10, b"\x05abc"),
            (0x01, b"\x03a"),
            (0x01, b"\x01\xff\x02{}"),
            (0x01, b"\x01a\x01{"),
            (0x01, b"\x01a\x03{ }"),
            (0x01, b'\x01a\x0d{"a":1,"a":1}'),
            (0x30, b"\xff" * 9 + b"\x02"),
            (0x30, b"\x80" * 11),
            (0x10, b""),
        ):
            self.assert_named("records-malformed", bad(Record(0, 0, tag, fields)), both, block=1, sound=0)
        self.assert_named("records-malformed", bad(Record(0, 0, 0x22, b"\x02", b"abc")), (EVIDENCE_ID,))
        self.assert_named("records-malformed", bad(data(1, 0, OUTPUT, b"late")), both)
        self.assert_named("records-malformed", bad(data(0, None, OUTPUT, b"of no channel")), both)
        self.assert_named("records-malformed", bad(data(0, 2**32, OUTPUT, b"too large")), both)
        records = [data(0, 0, OUTPUT, b"x"), data(5, 0, OUTPUT, b"y")]
        self.assert_named("records-malformed", Writer().block(records, count=3).seal(), both)
        self.assert_named("records-malformed", Writer().block(records, last=4).seal(), both)

    def test_counts(self):
        both = (EVIDENCE_ID, UNMASK_ID)
        counts = counts_json(sample().counts)
        writer = sample()
        quiet = [event(0, 2, "channel-open", {}), delivered(0, 3, OUTPUT, 0)]
        self.assertTrue(judge(sample().block(quiet).seal(coverage=coverage_json([0, 1, 2, 3])).bytes(), both).sound)
        refused = coverage_json([0, 1]) + [{"channel": 9, "coverage": "refused", "why": "policy"}]
        self.assertTrue(judge(sample().seal(coverage=refused).bytes(), both).sound)
        writer.counts[7, OUTPUT] = {"received": 3, "delivered": 0}
        self.assert_named("channel-stripped", writer.seal(), both)
        self.assert_named("channel-stripped", sample().seal(coverage=coverage_json([0, 1, 2])), both)
        self.assert_named("counts-mismatch", sample().seal(bytes="13"), both)
        self.assert_named("counts-mismatch", sample().seal(records="13"), both)
        self.assert_named("counts-mismatch", sample().seal(counts=counts[1:]), both)
        self.assert_named("counts-mismatch", sample().seal(counts=[dict(counts[0], received="1")] + counts[1:]), both)
        self.assert_named("counts-mismatch", sample().seal(counts=[dict(counts[0], delivered="1")] + counts[1:]), both)


class Mutations(unittest.TestCase):
    def test_no_changed_file_is_sound_and_nothing_is_raised(self):
        chance = random.Random(4)
        originals = [sample().seal().bytes(), recovered().seal("recovered").bytes(), Writer().seal().bytes()]
        end = time.monotonic() + float(os.environ.get("CHAPERONE_FUZZ_SECONDS", "10"))
        tried = 0
        while tried < 4000 and time.monotonic() < end:
            original = chance.choice(originals)
            changed = self.change(original, chance, originals)
            if changed in originals:
                continue
            identities = chance.choice(((), (EVIDENCE_ID,), (EVIDENCE_ID, UNMASK_ID)))
            verdict = judge(changed, identities)
            self.assertFalse(verdict.sound, "a changed file was called sound")
            self.assertIn(verdict.failure, cv.FAILURES)
            self.assertLessEqual(verdict.sound_bytes, len(changed))
            self.assertEqual(changed[: verdict.sound_bytes], original[: verdict.sound_bytes])
            cv.in_words(verdict)
            tried += 1
        self.assertGreater(tried, 100)

    def test_every_single_byte_of_a_small_recording_matters(self):
        good = recovered().seal("recovered").bytes()
        for at in range(len(good)):
            self.assertFalse(judge(flip(good, at, at % 8)).sound, f"byte {at} may be changed")

    def test_every_cut_is_named(self):
        good = recovered().seal("recovered").bytes()
        for length in range(len(good)):
            self.assertFalse(judge(good[:length]).sound)

    @staticmethod
    def change(original, chance, originals):
        at, other = chance.randrange(len(original)), chance.choice(originals)
        kind = chance.randrange(6)
        if kind == 0:
            return flip(original, at, chance.randrange(8))
        if kind == 1:
            return original[:at]
        if kind == 2:
            return original[:at] + other[chance.randrange(len(other)) :]
        if kind == 3:
            return original[:at] + original[at + chance.randrange(1, 200) :]
        if kind == 4:
            piece = original[at : at + chance.randrange(1, 400)]
            return original[:at] + piece + original[at:]
        changed = bytearray(original)
        for _ in range(chance.randrange(2, 9)):
            changed[chance.randrange(len(changed))] = chance.choice((0, 255, chance.randrange(256)))
        return bytes(changed)

    def test_writers_mistakes_under_a_good_chain_are_named_too(self):
        """Random plaintexts, correctly encrypted, chained and sealed: only the parser of records stands between."""
        chance = random.Random(5)
        plain = b"".join(
            r.evidence for r in (event(0, 0, "channel-open", {}), data(1, 0, OUTPUT, b"abc"), typed(1, 0, 2, b"de"))
        )
        for _ in range(300):
            changed = bytearray(plain)
            for _ in range(chance.randrange(1, 4)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            writer = Writer().block([], change=lambda e, i: (bytes(changed), b"de"), count=3, last=2)
            writer.records = 3
            verdict = judge(writer.seal().bytes(), (EVIDENCE_ID, UNMASK_ID))
            self.assertIn(verdict.failure, ("records-malformed", "counts-mismatch", "channel-stripped"))


class Age(unittest.TestCase):
    def test_identities_round_trip(self):
        for identity in (EVIDENCE_ID, UNMASK_ID):
            text = identity_text(identity)
            (parsed,) = cv.parse_identities(f"# created: today\n\n{text}\n")
            self.assertEqual(raw(parsed), raw(identity))
            for wrong in (
                text[:-1] + ("Q" if text[-1] != "Q" else "P"),
                text[:-1],
                text[:20].lower() + text[20:],
                "age1x",
                "",
            ):
                with self.assertRaises(ValueError):
                    cv.parse_identities(wrong)

    def test_long_payloads_and_foreign_stanzas(self):
        grease = b"-> x-grease some arguments\nQUJD\n"
        for size in (0, 1, 65535, 65536, 65537, 200_000):
            plain = bytes(size)
            sealed = age_encrypt(plain, [STRANGER_ID.public_key(), EVIDENCE_ID.public_key()], extra_stanza=grease)
            self.assertEqual(cv.age_decrypt(sealed, [UNMASK_ID, EVIDENCE_ID]), plain)
            self.assertIsNone(cv.age_decrypt(sealed, [UNMASK_ID]))

    def test_no_changed_age_file_opens(self):
        sealed = age_encrypt(b"k" * 32, [EVIDENCE_ID.public_key()])
        for at in range(len(sealed)):
            with self.subTest(at=at), contextlib.suppress(ValueError):
                self.assertIsNone(cv.age_decrypt(flip(sealed, at, at % 8), [EVIDENCE_ID]))
            with contextlib.suppress(ValueError):
                self.assertIsNone(cv.age_decrypt(sealed[:at], [EVIDENCE_ID]))

    @unittest.skipUnless(shutil.which("age") and shutil.which("age-keygen"), "age is not installed")
    def test_what_age_encrypts_opens_here_and_the_other_way_round(self):
        with tempfile.TemporaryDirectory() as folder:
            key = Path(folder) / "key.txt"
            made = subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True, text=True)
            recipient = re.search("age1[a-z0-9]+", made.stderr)[0]
            identities = cv.parse_identities(key.read_text())
            for plain in (b"", b"k" * 32, bytes(70_000), bytes(131_072)):
                sealed = subprocess.run(["age", "-r", recipient], input=plain, check=True, capture_output=True).stdout
                self.assertEqual(cv.age_decrypt(sealed, identities), plain)
                self.assertIsNone(cv.age_decrypt(sealed, [EVIDENCE_ID]))
                ours = age_encrypt(plain, [identities[0].public_key()])
                opened = subprocess.run(["age", "-d", "-i", key], input=ours, check=True, capture_output=True).stdout
                self.assertEqual(opened, plain)


@unittest.skipUnless((FIXTURES / "manifest.json").exists(), "the recorder's fixtures are not beside this file")
class Fixtures(unittest.TestCase):
    """What the recorder wrote, and others damaged: both verifiers say the same of every file."""

    def test_every_case_of_the_manifest(self):
        manifest = json.loads((FIXTURES / "manifest.json").read_text())
        identities = {name: cv.parse_identity(text) for name, text in manifest["identities"].items()}
        for case in manifest["cases"]:
            with self.subTest(case["name"]):
                ledger = case["ledger"] and cv.LedgerView(
                    case["ledger"]["session"],
                    [(at["block"], bytes.fromhex(at["chain"])) for at in case["ledger"]["checkpoints"]],
                    bytes.fromhex(case["ledger"]["seal"]) if case["ledger"]["seal"] else None,
                )
                keys = [base64.b64decode(manifest["keys"][name]) for name in case["keys"]]
                verdict = cv.verify_recording(
                    FIXTURES / case["file"], keys, [identities[i] for i in case["identities"]], ledger
                )
                due = case["expect"]
                found = {
                    "sound": verdict.sound,
                    "failure": verdict.failure,
                    "block": verdict.block,
                    "state": verdict.state,
                    "offset": verdict.offset if verdict.failure else None,
                    "sound_blocks": verdict.sound_blocks,
                    "content": verdict.content if verdict.sound else None,
                }
                self.assertEqual(found, {name: due.get(name) for name in found}, verdict.detail)


class Times(unittest.TestCase):
    def test_rfc_3339(self):
        for text, written in (
            ("2026-11-28T06:00:00Z", None),
            ("2026-11-28T06:00:00.120Z", "2026-11-28T06:00:00.12Z"),
            ("2026-11-28T00:30:00.000000001+01:00", "2026-11-27T23:30:00.000000001Z"),
            ("1969-12-31T23:59:59.5Z", None),
        ):
            self.assertEqual(str(cv.Time.read(text)), written or text)
        self.assertEqual(str(cv.Time.read("2026-12-31T23:59:59.999999999Z").after(1)), "2027-01-01T00:00:00Z")
        self.assertEqual(str(cv.Time.read("9999-12-31T23:59:59Z").after(2**64 - 1))[-12:], "s after 1970")
        for wrong in (
            "",
            "noon",
            "2026-11-28",
            "2026-13-28T06:00:00Z",
            "2026-11-28T06:00:00",
            "2026-11-28T06:00:00.Z",
            5,
            None,
            "\u0662026-11-28T06:00:00Z",
        ):
            with self.assertRaises(ValueError):
                cv.Time.read(wrong)


class CanonicalJson(unittest.TestCase):
    def test_examples_of_rfc_8785(self):
        text = (
            '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
            '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}'
        )
        self.assertEqual(
            cv.canonical_json(json.loads(text)).decode(),
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
        )
        names = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
        self.assertEqual(list(json.loads(cv.canonical_json(names)).values()), [2, 4, 6, 7, 1, 5, 3])

    def test_numbers_of_rfc_8785_appendix_b(self):
        for bits, text in (
            ("0000000000000000", "0"),
            ("8000000000000000", "0"),
            ("0000000000000001", "5e-324"),
            ("7fefffffffffffff", "1.7976931348623157e+308"),
            ("4340000000000000", "9007199254740992"),
            ("4430000000000000", "295147905179352830000"),
            ("44b52d02c7e14af5", "9.999999999999997e+22"),
            ("44b52d02c7e14af6", "1e+23"),
            ("444b1ae4d6e2ef50", "1e+21"),
            ("3eb0c6f7a0b5ed8d", "0.000001"),
            ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
            ("41b3de4355555553", "333333333.3333332"),
            ("becbf647612f3696", "-0.0000033333333333333333"),
            ("43143ff3c1cb0959", "1424953923781206.2"),
        ):
            (number,) = struct.unpack(">d", bytes.fromhex(bits))
            self.assertEqual(cv.canonical_json(number).decode(), text)
        for number in (float("nan"), float("inf")):
            with self.assertRaises(ValueError):
                cv.canonical_json(number)


class Ledger(unittest.TestCase):
    LEAVES = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"]

    @staticmethod
    def root(hashed):
        """RFC 6962, section 2.1, word for word."""
        if len(hashed) < 2:
            return hashed[0] if hashed else sha()
        k = 1 << (len(hashed) - 1).bit_length() - 1
        return sha(b"\1", Ledger.root(hashed[:k]), Ledger.root(hashed[k:]))

    @staticmethod
    def path(m, hashed):
        if len(hashed) == 1:
            return []
        k = 1 << (len(hashed) - 1).bit_length() - 1
        if m < k:
            return Ledger.path(m, hashed[:k]) + [Ledger.root(hashed[k:])]
        return Ledger.path(m - k, hashed[k:]) + [Ledger.root(hashed[:k])]

    @staticmethod
    def consistency(m, hashed, whole=True):
        if m == len(hashed):
            return [] if whole else [Ledger.root(hashed)]
        k = 1 << (len(hashed) - 1).bit_length() - 1
        if m <= k:
            return Ledger.consistency(m, hashed[:k], whole) + [Ledger.root(hashed[k:])]
        return Ledger.consistency(m - k, hashed[k:], False) + [Ledger.root(hashed[:k])]

    def test_roots_of_the_well_known_leaves(self):
        known = {
            0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        }
        for size, root in known.items():
            self.assertEqual(cv.tree_root(self.LEAVES[:size]).hex(), root)

    def test_compact_range_and_proofs_agree_with_the_definition(self):
        hashed = [cv.leaf_hash(bytes([n])) for n in range(20)]
        edge = cv.CompactRange()
        for size in range(21):
            root = self.root(hashed[:size])
            self.assertEqual(edge.root(), root)
            again = cv.CompactRange.parse(edge.encode())
            self.assertEqual((again.size, again.root()), (size, root))
            for index in range(size):
                path = self.path(index, hashed[:size])
                self.assertTrue(cv.inclusion_holds(hashed[index], index, size, path, root))
                self.assertFalse(cv.inclusion_holds(hashed[index], index, size, path + [root], root))
                self.assertFalse(cv.inclusion_holds(hashed[index], index, size, path[:-1], root) and path)
                for n in range(len(path)):
                    self.assertFalse(
                        cv.inclusion_holds(
                            hashed[index], index, size, path[:n] + [flip(path[n], 0)] + path[n + 1 :], root
                        )
                    )
                self.assertFalse(cv.inclusion_holds(hashed[index], (index + 1) % size, size, path, root) and size > 1)
            for old in range(1, size + 1):
                before, proof = self.root(hashed[:old]), self.consistency(old, hashed[:size])
                self.assertTrue(cv.consistency_holds(old, before, size, root, proof))
                self.assertFalse(cv.consistency_holds(old, flip(before, 0), size, root, proof))
                self.assertFalse(cv.consistency_holds(old, before, size, flip(root, 0), proof))
                self.assertFalse(cv.consistency_holds(old, before, size, root, proof + [root]))
                for n in range(len(proof)):
                    self.assertFalse(cv.consistency_holds(old, before, size, root, proof[:n] + proof[n + 1 :]))
            if size < 20:
                edge.append(hashed[size])
        self.assertTrue(cv.consistency_holds(0, sha(), 5, self.root(hashed[:5]), []))

    def test_leaves(self):
        tags = [cv.target_tag(bytes([n]) * 32, 7) for n in (2, 1)]
        self.assertEqual(
            tags[0], hmac.new(b"\2" * 32, b"chaperone/ledger/tag/v1\n" + bytes(7) + b"\7", hashlib.sha256).digest()[:16]
        )
        leaf = cv.Leaf(7, -5, "session.start", tags + tags[:1], cv.body_hash(bytes(16), {"b": 1, "a": 2}))
        self.assertEqual(leaf.body_hash, sha(b"chaperone/ledger/body/v1\n", bytes(16), b'{"a":2,"b":1}'))
        encoded = leaf.encode()
        self.assertEqual(encoded[:17], b"\1" + bytes(7) + b"\7" + b"\xff" * 7 + b"\xfb")
        parsed = cv.parse_leaf(encoded)
        self.assertEqual(
            (parsed.number, parsed.time_us, parsed.kind, parsed.tags), (7, -5, "session.start", sorted(tags))
        )
        chance = random.Random(6)
        for at in range(len(encoded)):
            with self.assertRaises(ValueError):
                cv.parse_leaf(encoded[:at])
            changed = flip(encoded, at, chance.randrange(8))
            with contextlib.suppress(ValueError):
                self.assertEqual(cv.parse_leaf(changed).encode(), changed)
        for swapped in (
            leaf.encode()[:-64] + sorted(tags)[1] + sorted(tags)[0] + leaf.body_hash,
            encoded + b"\0",
            b"\2" + encoded[1:],
        ):
            with self.assertRaises(ValueError):
                cv.parse_leaf(swapped)

    def note(self, body, signer=SEAL_KEY, name="hospital.example/ledger"):
        signature = cv.key_id(name, raw(signer)) + signer.sign(body.encode())
        return (body + f"\n\u2014 {name} {b64(signature)}\n").encode()

    def test_the_example_of_c2sp_signed_note(self):
        key = cv.parse_verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
        note = (
            "This is an example message.\n\n\u2014 example.com/foo "
            "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
        ).encode()
        self.assertEqual(cv.open_note(note, key), "This is an example message.\n")
        for at in range(len(note)):
            with self.assertRaises(ValueError):
                cv.open_note(flip(note, at, at % 8), key)

    def test_checkpoints_and_proofs(self):
        name = "hospital.example/ledger"
        key = cv.parse_verifier_key(f"{name}+{cv.key_id(name, raw(SEAL_KEY)).hex()}+{b64(bytes([1]) + raw(SEAL_KEY))}")
        hashed = [cv.leaf_hash(leaf) for leaf in self.LEAVES]
        body = f"{name}\n8\n{b64(self.root(hashed))}\n"
        checkpoint = cv.open_checkpoint(self.note(body), key)
        self.assertEqual((checkpoint.size, checkpoint.root), (8, cv.tree_root(self.LEAVES)))
        other = b"\xe2\x80\x94 witness.example AAAAAAAA\n"
        cv.open_checkpoint(self.note(body) + other, key)
        for bad in (
            self.note(body, OTHER_KEY),
            self.note(body.replace("\n8\n", "\n08\n")),
            self.note("other\n" + body.split("\n", 1)[1]),
            self.note(f"{name}\n8\n"),
            self.note(body).replace(b"\n8\n", b"\n7\n"),
            self.note(body)[:-1],
            b"",
            b"\xff",
        ):
            with self.assertRaises(ValueError):
                cv.open_checkpoint(bad, key)
        lines = ["c2sp.org/tlog-proof@v1", "index 5", *map(b64, self.path(5, hashed))]
        proof = "\n".join(lines).encode() + b"\n\n" + self.note(body)
        self.assertEqual(cv.open_proof(proof, self.LEAVES[5], key)[0], 5)
        cv.open_proof(proof.replace(b"index", b"extra QUJD\nindex"), self.LEAVES[5], key)
        for bad, leaf in (
            (proof, self.LEAVES[4]),
            (proof.replace(b"index 5", b"index 4"), self.LEAVES[5]),
            (proof[:60], self.LEAVES[5]),
        ):
            with self.assertRaises(ValueError):
                cv.open_proof(bad, leaf, key)
        for text in ("", "a+b", f"{name}+00000000+{b64(bytes([1]) + raw(SEAL_KEY))}", f"{name}+x+AAAA"):
            with self.assertRaises(ValueError):
                cv.parse_verifier_key(text)


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.recording = os.path.join(self.folder.name, "s.chap")
        Path(self.recording).write_bytes(sample().seal().bytes())
        self.identity = os.path.join(self.folder.name, "id.txt")
        Path(self.identity).write_text(identity_text(EVIDENCE_ID))

    def run_main(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = cv.main(arguments)
            except SystemExit as left:
                status = left.code
        return status, out.getvalue() + err.getvalue()

    def test_keys_are_base64_or_pem_or_a_file(self):
        pem = SEAL_KEY.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        path = Path(self.folder.name) / "key.pem"
        path.write_bytes(pem)
        for key in (b64(raw(SEAL_KEY)), pem.decode(), str(path)):
            status, text = self.run_main(self.recording, "--key", b64(raw(OTHER_KEY)), "--key", key)
            self.assertEqual(status, 0, text)
            self.assertIn("The content was not opened", text)

    def test_statuses(self):
        key = b64(raw(SEAL_KEY))
        status, text = self.run_main(self.recording, "--key", key, "--identity", self.identity, "--json")
        self.assertEqual((status, json.loads(text)["content"]), (0, "evidence-opened"))
        Path(self.recording).write_bytes(flip(sample().seal().bytes(), 2000))
        status, text = self.run_main(self.recording, "--key", key)
        self.assertEqual(status, 1)
        self.assertRegex(text, "NOT SOUND: .*\n.*byte [0-9]+.*\n.*Sound before it: [0-9]+ blocks")
        for wrong in (
            (),
            (self.recording,),
            (self.recording, "--key", "nonsense"),
            (self.recording, "--key", key, "--identity", "/absent"),
            (self.recording, "--key", key, "--identity", self.recording),
        ):
            self.assertEqual(self.run_main(*wrong)[0], 2, wrong)

    def test_a_missing_package_is_no_verdict(self):
        with unittest.mock.patch.dict(sys.modules, {"compression": None, "zstandard": None}):
            status, text = self.run_main(self.recording, "--key", b64(raw(SEAL_KEY)), "--identity", self.identity)
        self.assertEqual(status, 2)
        self.assertIn("pip install zstandard", text)

    def test_words_for_a_recovered_recording(self):
        found = {
            "frames": 3,
            "left_bytes": "12",
            "left_sha256": "00" * 32,
            "checkpoint": [9, "11" * 32],
            "reaches_checkpoint": False,
        }
        Path(self.recording).write_bytes(recovered().seal("recovered", recovery=found).bytes())
        status, text = self.run_main(self.recording, "--key", b64(raw(SEAL_KEY)), "--identity", self.identity)
        self.assertEqual(status, 0, text)
        for words in (
            "after a crash",
            "took over 3 frames",
            "NOT reach the ledger's checkpoint of block 9",
            "typed input, which stays masked",
        ):
            self.assertIn(words, text)

    def test_nothing_of_the_file_steers_the_terminal(self):
        Path(self.recording).write_bytes(sample().seal(reason="\x1b[2J\u202egnp").bytes())
        self.assertNotRegex(self.run_main(self.recording, "--key", b64(raw(SEAL_KEY)))[1], "[\x1b\u202e]")


if __name__ == "__main__":
    unittest.main()
