#!/usr/bin/env python3
"""An independent verifier for Chaperone's recordings, for the ledger that names them, and for bundles of evidence.

What it is. Chaperone records the sessions of service technicians on medical servers. A recording is one file, written
by a gate while the session runs. Every attempt, session and recording is a numbered fact in a ledger. A bundle is one
file with the recordings and the facts about a target, and with what proves that none is left out. This program was
written from the published description of these files (`recorder/README.md` and `recorder/BUNDLES.md`) and shares no
code with the program that writes them. The parts below follow that description, and use its names.

What it proves of a recording. If it says SOUND: every byte of the file is as the holder of the given key sealed it; no
block was changed, removed, added, repeated or moved; nothing follows the seal. With an evidence identity it also proves
that the content opens with the very key that the file committed to at its start, and that it is what the seal counts.

What it proves of a bundle. If it says THIS BUNDLE HOLDS, it says in one sentence what is proved: between which two
signed checkpoints of the ledger, how many attempts and sessions, on which target, from when to when. With a checkpoint
that you kept since, it also proves that the ledger was not rewritten after you got it.

What it does not prove. Without an identity the content stays closed. Without the ledger a recording whose end was cut
and sealed again by the holder of the seal key cannot be told from the whole one; a bundle brings that part of the
ledger along. Nothing shows that a gate which had been taken over wrote every visit down. Each verdict says which of
this applies to it.

How to run it. Python 3.9 or newer, with the package `cryptography`, and with `zstandard` (0.19 or newer; Python 3.14
has its own) where compressed content is opened. It needs no network, and writes no file.

    python3 chaperone_verify.py RECORDING --key PUBLIC-KEY [--identity FILE]... [--json]
    python3 chaperone_verify.py BUNDLE --key LEDGER-KEY [--checkpoint FILE] [--identity FILE]... [--json]

PUBLIC-KEY is an Ed25519 key that you trust, from a source other than the file: base64 or hex of its 32 bytes, a PEM
public key, a verifier key (name+id+key), or a file that holds one of these. Give --key again for each further one.
LEDGER-KEY is the ledger's, in the same spellings. --checkpoint names a checkpoint of the ledger that you kept yourself.
--identity names a file with age X25519 identities (AGE-SECRET-KEY-1...), one a line. The exit status is 0 for sound
(of a bundle: it holds), 1 for not, and 2 for a wrong command or a missing package.

Version rule. This program knows version 1 and answers `unknown-version` to every other one; it never guesses. Event
kinds and JSON fields that it does not know are skipped; the signatures cover them all the same.
"""

from __future__ import annotations

import argparse
import array
import base64
import contextlib
import copy
import datetime
import decimal
import hashlib
import hmac
import io
import json
import os
import re
import stat
import struct
import sys
import uuid
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Callable, Iterable, Iterator, Optional, Sequence, Union

try:
    from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError:
    sys.stderr.write("chaperone_verify needs the package `cryptography`: python3 -m pip install cryptography\n")
    sys.exit(2)

# ---------------------------------------------------------------------------------------------------------------------
# The names of what can be wrong (section "Verifying"), each with its meaning in words
# ---------------------------------------------------------------------------------------------------------------------

FAILURES = {
    "unreadable": "the file cannot be read",
    "not-a-recording": "this is not a recording of Chaperone",
    "unknown-version": "the file is of a version that this program does not know",
    "header-damaged": "the header is incomplete or does not read",
    "header-signature": "the header is not what was signed",
    "wrong-key": "the header or the seal is signed by a key that may not sign it",
    "truncated": "the file ends inside a block or inside the seal",
    "chain-broken": "a block is not what was written",
    "not-a-block": "neither a block nor a seal begins here",
    "foreign-recording": "this is the recording of another session",
    "foreign-block": "a block of another recording is in this one",
    "foreign-seal": "the seal belongs to another recording",
    "block-missing": "a block was removed",
    "reordered": "blocks were moved",
    "duplicated": "a block is there twice",
    "nonce-reused": "the nonce counter did not grow",
    "frames-broken": "a recovered block holds frames that are not what was written",
    "tail-cut": "the seal or the ledger knows more blocks than the file holds",
    "missing-seal": "the file ends without a seal",
    "seal-damaged": "the seal does not read",
    "seal-signature": "the seal is not what was signed",
    "second-seal": "another seal follows the seal",
    "bytes-after-seal": "something follows the seal",
    "chain-not-sealed": "the blocks hold together, but they are not the ones that were sealed",
    "ledger-mismatch": "the ledger knows another content for a block",
    "seal-not-in-ledger": "the ledger does not hold this seal",
    "wrong-identity": "no given identity opens the evidence key",
    "key-commitment-mismatch": "a wrapped key is not the key that the header committed to",
    "content-broken": "a section does not open with the committed key",
    "records-malformed": "the opened content does not read",
    "channel-stripped": "the seal knows a channel that the content does not hold",
    "counts-mismatch": "the content is not what the seal counts",
}


class Failure(Exception):
    """A named failure at a place in the file; always caught inside this module and turned into a Verdict."""

    def __init__(self, name: str, detail: str, offset: int = 0, block: Optional[int] = None) -> None:
        super().__init__(detail)
        self.name, self.detail, self.offset, self.block = name, detail, offset, block


class MissingPackage(Exception):
    """The check cannot be made here. Never turned into a verdict: it says nothing about the file."""


@dataclass
class LedgerView:
    """What the ledger says about one session. `checkpoints` are pairs of a block's ordinal and its chain value C."""

    session: str
    checkpoints: Sequence[tuple[int, bytes]] = ()
    seal_sha256: Optional[bytes] = None


@dataclass
class Verdict:
    """What was found. `sound_blocks` and `sound_bytes` say how much is proved from the start, also if the rest is not.

    `failure`, `offset`, `block` and `detail` are the first bad place. What the seal says is filled in for a sound file
    only.
    """

    sound: bool = False
    session: Optional[str] = None
    recording: Optional[bytes] = None  # C0
    started: Optional[Time] = None
    state: Optional[str] = None  # "sealed" or "recovered"
    sealed_by: Optional[str] = None
    sealed_at: Optional[str] = None
    seal_hash: Optional[bytes] = None
    reason: Optional[str] = None
    channels: list[dict[str, Any]] = field(default_factory=list)
    recovery: Optional[dict[str, Any]] = None
    content: str = "not-opened"  # or "evidence-opened", "all-opened"
    ledger_asked: bool = False
    failure: Optional[str] = None
    detail: str = ""
    offset: int = 0
    block: Optional[int] = None
    sound_blocks: int = 0
    sound_bytes: int = 0
    sound_until: Optional[Time] = None

    def coverage(self) -> Optional[str]:
        """The session's coverage: the weakest of its channels'. Recovery cannot know it."""
        if self.state != "sealed":
            return None
        return COVERAGES[max((COVERAGES.index(channel["coverage"]) for channel in self.channels), default=0)]

    def as_json(self) -> dict[str, Any]:
        bad = {"failure": self.failure, "offset": self.offset, "block": self.block, "detail": self.detail}
        return {
            "sound": self.sound,
            "session": self.session,
            "started": self.started and str(self.started),
            "state": self.state,
            "sealed_by": self.sealed_by,
            "seal_hash": self.seal_hash and self.seal_hash.hex(),
            "reason": self.reason,
            "coverage": self.coverage(),
            "channels": self.channels,
            "content": self.content,
            "ledger_asked": self.ledger_asked,
            "bad": None if self.failure is None else bad,
            "sound_blocks": self.sound_blocks,
            "sound_bytes": self.sound_bytes,
            "sound_until": self.sound_until and str(self.sound_until),
        }


# ---------------------------------------------------------------------------------------------------------------------
# Conventions: hashes, signatures, base64, canonical JSON (RFC 8785)
# ---------------------------------------------------------------------------------------------------------------------

HEADER_LABEL = b"chaperone/recording/header/v1\n"
CHAIN_LABEL = b"chaperone/recording/chain/v1\n"
KEY_LABEL = b"chaperone/recording/key/v1\n"
BLOCK_LABEL = b"chaperone/recording/block/v1\n"
FRAME_LABEL = b"chaperone/recording/frame/v1\n"
SEAL_LABEL = b"chaperone/recording/seal/v1\n"
BODY_LABEL = b"chaperone/ledger/body/v1\n"
TAG_LABEL = b"chaperone/ledger/tag/v1\n"

SIGNATURE_BYTES = 64
LARGEST_EXACT = 2**53 - 1
UNIX_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
JSON_DEPTH = 100


def sha256(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def signed_by(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is the Ed25519 signature (RFC 8032) over `message` by the 32-byte public `key`."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def from_base64(text: Any, length: Optional[int] = None) -> bytes:
    """Standard padded base64, in its one canonical spelling. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("not a base64 text")
    data = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(data).decode() != text or length not in (None, len(data)):
        raise ValueError("not canonical base64 of the expected length")
    return data


def from_hex(text: Any) -> bytes:
    """Lower-case hex of a SHA-256 value. Raises ValueError."""
    if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError("not 64 lower-case hex digits")
    return bytes.fromhex(text)


def parse_json(data: bytes) -> Any:
    """Well-formed JSON in UTF-8, without repeated names, NaN or lone surrogates. Raises ValueError."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            raise ValueError("a name is repeated")
        return result

    def integer(text: str) -> Union[int, float]:
        return int(text) if len(text) <= 17 else float(text)

    def refuse(text: str) -> None:
        raise ValueError(f"{text} is not JSON")

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_int=integer, parse_constant=refuse)
        canonical_json(value)  # refuses infinite numbers and lone surrogates wherever they are
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def canonical_json(value: Any) -> bytes:
    """RFC 8785. Raises ValueError for what has no canonical form, or is nested deeper than this program follows."""
    return _canonical(value, JSON_DEPTH).encode("utf-8")


def _canonical(value: Any, depth: int) -> str:
    if depth == 0:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and abs(value) <= LARGEST_EXACT:
        return str(value)
    if isinstance(value, (int, float)):
        return _canonical_number(float(value))
    if isinstance(value, list):
        return "[" + ",".join(_canonical(item, depth - 1) for item in value) + "]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_canonical(name, 1)}:{_canonical(value[name], depth - 1)}" for name in names) + "}"
    raise ValueError(f"{type(value).__name__} has no JSON form")


def _canonical_number(number: float) -> str:
    """A number as ECMAScript writes it (RFC 8785, section 3.2.2.3): the shortest digits that read back as the same."""
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    if number == 0:
        return "0"
    sign, digit_tuple, exponent = decimal.Decimal(repr(number)).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    point = len(digits) + int(exponent)  # the decimal point is after so many digits
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        text = f"{mantissa}e{point - 1:+d}"
    return ("-" if sign else "") + text


def read_canonical(data: bytes) -> dict[str, Any]:
    """A JSON object whose bytes are its canonical form. Raises ValueError."""
    value = parse_json(data)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    if canonical_json(value) != data:
        raise ValueError("not canonical JSON")
    return value


def read_number(value: Any) -> int:
    """A number that JSON holds as a number. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_EXACT:
        raise ValueError("not a whole number")
    return value


def read_decimal(value: Any) -> int:
    """A 64-bit number, which JSON holds as a decimal string. Raises ValueError."""
    if not isinstance(value, str) or not re.fullmatch("0|[1-9][0-9]{0,19}", value) or int(value) >= 2**64:
        raise ValueError("not a decimal number of 64 bits")
    return int(value)


def read_time(value: Any) -> Time:
    """A moment in its one spelling: UTC with `Z`, the years 1000 to 9998, no fraction that ends in 0. Raises ValueError."""
    time = Time.read(value)
    if str(time) != value or not "1000" <= value[:4] <= "9998":
        raise ValueError("not a time in its one spelling")
    return time


def read_session(value: Any) -> uuid.UUID:
    """A session's id, in the usual lower-case spelling. Raises ValueError."""
    session = uuid.UUID(value) if isinstance(value, str) else None
    if session is None or str(session) != value:
        raise ValueError("not a UUID")
    return session


@dataclass(frozen=True)
class Time:
    """A moment in UTC, to the nanosecond."""

    seconds: int
    nanos: int

    @classmethod
    def read(cls, value: Any) -> Time:
        """RFC 3339. Raises ValueError."""
        shape = r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))"
        match = re.fullmatch(shape, value, re.ASCII) if isinstance(value, str) else None
        if match is None:
            raise ValueError("not a time")
        away = (int(match[4]) * 60 + int(match[5])) * 60 if match[3] else 0
        local = datetime.datetime.fromisoformat(match[1].upper()).replace(tzinfo=datetime.timezone.utc)
        seconds = int((local - UNIX_EPOCH).total_seconds()) + (away if match[3] == "-" else -away)
        return cls(seconds, int((match[2] or "0").ljust(9, "0")))

    def after(self, nanos: int) -> Time:
        seconds, rest = divmod(self.nanos + nanos, 10**9)
        return Time(self.seconds + seconds, rest)

    def __str__(self) -> str:
        try:
            moment = UNIX_EPOCH + datetime.timedelta(seconds=self.seconds)
        except OverflowError:
            return f"{self.seconds} s after 1970"
        fraction = f".{self.nanos:09}".rstrip("0") if self.nanos else ""
        return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def read_public_key(text: str) -> bytes:
    """The 32 bytes of an Ed25519 key: base64, hex, PEM, verifier key, or a file with one. Raises ValueError."""
    return read_named_key(text)[1]


def read_named_key(text: str) -> tuple[Optional[str], bytes]:
    """As `read_public_key`, with the name that a verifier key has and the other spellings have not."""
    if "BEGIN" not in text and os.path.isfile(text):
        with open(text, "r", encoding="ascii") as file:
            text = file.read(16384)
    text = text.strip()
    if "BEGIN" in text:
        try:
            key = serialization.load_pem_public_key(text.encode("ascii"))
        except UnsupportedAlgorithm:
            raise ValueError("the PEM key is not an Ed25519 key") from None
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("the PEM key is not an Ed25519 key")
        return None, key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    if re.fullmatch("[0-9a-fA-F]{64}", text):
        return None, bytes.fromhex(text)
    if text.count("+") >= 2 and len(text) > 44:
        named = parse_verifier_key(text)
        return named.name, named.key
    return None, from_base64(text, 32)


# ---------------------------------------------------------------------------------------------------------------------
# age (https://c2sp.org/age) with X25519 recipients: how the header wraps the two data keys
# ---------------------------------------------------------------------------------------------------------------------

AGE_CHUNK = 64 * 1024
AGE_TAG = 16
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def parse_identity(text: str) -> X25519PrivateKey:
    """An age identity, `AGE-SECRET-KEY-1...` in Bech32 (BIP 173). Raises ValueError."""
    text = text.strip()
    if text != text.upper() and text != text.lower():
        raise ValueError("an age identity mixes upper and lower case")
    prefix, _, rest = text.lower().rpartition("1")
    values = [BECH32.find(letter) for letter in rest]
    if prefix != "age-secret-key-" or len(values) < 6 or -1 in values:
        raise ValueError("not an age X25519 identity (AGE-SECRET-KEY-1...)")
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values
    if _bech32_checksum(expanded) != 1:
        raise ValueError("the checksum of an age identity is wrong")
    bits = 0
    for value in values[:-6]:
        bits = bits << 5 | value
    spare = len(values[:-6]) * 5 - 256
    if not 0 <= spare < 5 or bits & ((1 << spare) - 1):
        raise ValueError("an age identity is not 32 bytes long")
    return X25519PrivateKey.from_private_bytes((bits >> spare).to_bytes(32, "big"))


def _bech32_checksum(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum


def parse_identities(text: str) -> list[X25519PrivateKey]:
    """The identities of an age identity file: one a line, `#` begins a comment line. Raises ValueError."""
    lines = (line.strip() for line in text.splitlines())
    found = [parse_identity(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise ValueError("no age identity in it")
    return found


def _age_base64(text: bytes) -> bytes:
    """Unpadded canonical base64, as age writes it. Raises ValueError."""
    if b"=" in text:
        raise ValueError("padded base64 in an age file")
    return from_base64((text + b"=" * (-len(text) % 4)).decode("ascii"))


def _hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(key)


def age_decrypt(data: bytes, identities: Sequence[X25519PrivateKey]) -> Optional[bytes]:
    """The plaintext of a binary age file, or None if no identity opens it. Raises ValueError if it is malformed."""
    lines: list[bytes] = []
    position = 0
    while not lines or not lines[-1].startswith(b"---"):
        end = data.find(b"\n", position)
        if end < 0:
            raise ValueError("an age header has no end")
        lines.append(data[position:end])
        position = end + 1
    mac_line = lines.pop()
    if not lines or lines[0] != b"age-encryption.org/v1":
        raise ValueError("not an age v1 file")
    if not re.fullmatch(rb"--- [A-Za-z0-9+/]{43}", mac_line):
        raise ValueError("the last line of an age header is malformed")

    file_key = _age_file_key(list(_age_stanzas(lines[1:])), identities)
    if file_key is None:
        return None
    header = data[: position - len(mac_line) - 1] + b"---"
    mac = hmac.new(_hkdf(file_key, b"", b"header"), header, hashlib.sha256).digest()
    if not hmac.compare_digest(mac, _age_base64(mac_line[4:])):
        raise ValueError("an age header was changed")
    return _age_payload(file_key, data[position:])


def _age_stanzas(lines: Sequence[bytes]) -> Iterator[tuple[list[bytes], bytes]]:
    """The recipient stanzas: their arguments and body. A body ends with its first line shorter than 64 characters."""
    if not lines:
        raise ValueError("an age header has no recipient")
    at = 0
    while at < len(lines):
        if not re.fullmatch(rb"->( [\x21-\x7e]+)+", lines[at]):
            raise ValueError("an age recipient stanza is malformed")
        arguments = lines[at].split(b" ")[1:]
        at += 1
        body: list[bytes] = []
        while not body or len(body[-1]) == 64:
            if at >= len(lines) or not re.fullmatch(rb"[A-Za-z0-9+/]{0,64}", lines[at]):
                raise ValueError("the body of an age recipient stanza is malformed")
            body.append(lines[at])
            at += 1
        yield arguments, _age_base64(b"".join(body))


def _age_file_key(
    stanzas: Sequence[tuple[list[bytes], bytes]], identities: Sequence[X25519PrivateKey]
) -> Optional[bytes]:
    for arguments, body in stanzas:
        if arguments[0] == b"scrypt":
            raise ValueError("an age file for a passphrase")
        if arguments[0] != b"X25519":
            continue
        if len(arguments) != 2 or len(body) != 32:
            raise ValueError("an age X25519 stanza is malformed")
        share = _age_base64(arguments[1])
        if len(share) != 32:
            raise ValueError("an age X25519 share is malformed")
        for identity in identities:
            shared = identity.exchange(X25519PublicKey.from_public_bytes(share))  # ValueError if all zero
            recipient = identity.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            wrap_key = _hkdf(shared, share + recipient, b"age-encryption.org/v1/X25519")
            try:
                return ChaCha20Poly1305(wrap_key).decrypt(bytes(12), body, None)
            except InvalidTag:
                continue
    return None


def _age_payload(file_key: bytes, data: bytes) -> bytes:
    """The STREAM payload: chunks of 64 KiB, whose nonce is an 11-byte counter and a byte that marks the last one."""
    nonce, sealed = data[:16], data[16:]
    if len(nonce) < 16:
        raise ValueError("an age payload has no nonce")
    cipher = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
    plain = bytearray()
    step = AGE_CHUNK + AGE_TAG
    for counter, at in enumerate(range(0, max(len(sealed), 1), step)):
        last = at + step >= len(sealed)
        try:
            chunk = cipher.decrypt(counter.to_bytes(11, "big") + bytes([last]), sealed[at : at + step], None)
        except InvalidTag:
            raise ValueError("an age payload was changed") from None
        if not chunk and counter:
            raise ValueError("an age payload ends with an empty chunk")
        plain += chunk
    return bytes(plain)


# ---------------------------------------------------------------------------------------------------------------------
# The file
# ---------------------------------------------------------------------------------------------------------------------


class Source:
    """The file, read a piece at a time; its size is taken once, so that a file that grows cannot lead on for ever."""

    def __init__(self, recording: Union[bytes, str, os.PathLike]) -> None:
        self.file: BinaryIO
        self.base = 0  # where it begins in the file: 0, but for a recording inside a bundle
        if isinstance(recording, (bytes, bytearray)):
            self.file, self.size = io.BytesIO(recording), len(recording)
            return
        try:
            if not stat.S_ISREG(os.stat(recording).st_mode):
                raise Failure("unreadable", "it is not a regular file")
            self.file = open(recording, "rb")
            self.size = os.fstat(self.file.fileno()).st_size
        except (OSError, ValueError) as cause:
            raise Failure("unreadable", str(cause)) from None

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at `offset`; fewer than `length` only where the file ends."""
        length = max(0, min(length, self.size - offset))
        try:
            self.file.seek(self.base + offset)
            data = self.file.read(length)
        except OSError as cause:
            raise Failure("unreadable", str(cause), offset) from None
        if len(data) < length:
            raise Failure("unreadable", "the file became shorter while it was read", offset)
        return data

    def part(self, offset: int, size: int) -> Source:
        """The `size` bytes at `offset` as a source of their own, of the same open file."""
        part = copy.copy(self)
        part.base, part.size = self.base + offset, size
        return part


# --- Header -----------------------------------------------------------------------------------------------------------

HEADER_MAGIC = b"CHAPREC\n"
HEADER_JSON_MAX = 262_144


@dataclass
class KeyInfo:
    """One of `keys.evidence` and `keys.input`: what the header commits to, and the wrapped key."""

    commitment: bytes
    wrapped: bytes


@dataclass
class Header:
    session: uuid.UUID
    started: Time
    seal_key: bytes
    keys: dict[str, KeyInfo]
    c0: bytes
    size: int


def read_header(source: Source) -> Header:
    """Shape, version and signature of the header. Whether its key is trusted is for the caller."""
    fixed = source.read(0, 16)
    if not HEADER_MAGIC.startswith(fixed[:8]):
        raise Failure("not-a-recording", "it does not begin with CHAPREC")
    if len(fixed) < 16:
        raise Failure("header-damaged", "the file ends inside the header")
    version, zero, length = struct.unpack(">HHI", fixed[8:])
    if version != 1:
        raise Failure("unknown-version", f"it is of version {version}")
    if zero != 0 or length > HEADER_JSON_MAX:
        raise Failure("header-damaged", "its fixed fields are not those of a header")
    data = source.read(0, 16 + length + SIGNATURE_BYTES)
    if len(data) < 16 + length + SIGNATURE_BYTES:
        raise Failure("header-damaged", "the file ends inside the header")
    signed, signature = data[: 16 + length], data[16 + length :]
    try:
        fields = read_canonical(signed[16:])
        if fields.get("format") is True or fields.get("format") != 1:
            raise Failure("unknown-version", f"its JSON is of format {fields.get('format')!r:.40}")
        header = _header_fields(fields, sha256(CHAIN_LABEL, data), len(data))
    except (ValueError, KeyError, TypeError) as cause:
        raise Failure("header-damaged", f"its JSON does not read ({cause})") from None
    if not signed_by(header.seal_key, signature, HEADER_LABEL + signed):
        raise Failure("header-signature", "the signature is not by the seal key that the header names")
    return header


def _header_fields(fields: dict[str, Any], c0: bytes, size: int) -> Header:
    read_decimal(fields["monotonic_origin_ns"])
    if fields["durability"] not in ("prompt", "durable"):
        raise ValueError("durability is unknown")
    if not isinstance(fields["facts"], dict):
        raise ValueError("facts is not an object")
    keys = {}
    for name in ("evidence", "input"):
        entry = fields["keys"][name]
        if not all(isinstance(recipient, str) for recipient in _list(entry["recipients"])):
            raise ValueError("a recipient is not a text")
        keys[name] = KeyInfo(from_hex(entry["commitment"]), from_base64(entry["wrapped"]))
    seal_key = from_base64(fields["seal_key"], 32)
    return Header(read_session(fields["session"]), read_time(fields["started"]), seal_key, keys, c0, size)


# --- Block ------------------------------------------------------------------------------------------------------------

BLOCK_MAGIC = b"CBLK"
BLOCK_HEAD = struct.Struct(">4sBBH8sQQQQIIIII")
CHAIN_BYTES = 32
TAG_BYTES = 16
SECTION_PLAIN_MAX = 2 * 1024 * 1024
SECTION_MAX = SECTION_PLAIN_MAX + TAG_BYTES

RECORDS, FRAMES = 1, 2
EVIDENCE_ZSTD, INPUT_ZSTD = 1, 2


@dataclass
class BlockHead:
    """The first 68 bytes of a block. Times are nanoseconds after the start of the recording."""

    raw: bytes
    kind: int
    flags: int
    name: bytes
    ordinal: int
    nonce: int
    first_ns: int
    last_ns: int
    records: int
    evidence_bytes: int
    input_bytes: int
    evidence_plain: int
    input_plain: int

    @property
    def size(self) -> int:
        return BLOCK_HEAD.size + self.evidence_bytes + self.input_bytes + CHAIN_BYTES


def read_block_head(raw: bytes) -> BlockHead:
    """The shape of a block. Raises ValueError."""
    magic, kind, flags, zero, name, ordinal, nonce, first, last, records, e, i, ep, ip = BLOCK_HEAD.unpack(raw)
    head = BlockHead(raw, kind, flags, name, ordinal, nonce, first, last, records, e, i, ep, ip)
    if magic != BLOCK_MAGIC or kind not in (RECORDS, FRAMES) or flags > 3 or zero != 0 or ordinal == 0:
        raise ValueError("its fixed fields are not those of a block")
    if kind == FRAMES and (flags, i, ep, ip) != (0, 0, e, 0):
        raise ValueError("its lengths are not those of a block of frames")
    for length, plain, compressed in ((e, ep, flags & EVIDENCE_ZSTD), (i, ip, flags & INPUT_ZSTD)):
        if length > SECTION_MAX or plain > SECTION_PLAIN_MAX:
            raise ValueError("a section is longer than the format allows")
        if (length == 0) != (plain == 0) or (compressed and length <= TAG_BYTES):
            raise ValueError("a section is empty and is not")
        if kind == RECORDS and plain and not compressed and length != plain + TAG_BYTES:
            raise ValueError("the length of a section does not fit its plaintext")
    return head


class Block:
    """A block as it is in the file at `offset`."""

    def __init__(self, head: BlockHead, offset: int, body: bytes) -> None:
        self.head, self.offset = head, offset
        split = head.evidence_bytes
        self.evidence, self.input, self.chain = body[:split], body[split:-CHAIN_BYTES], body[-CHAIN_BYTES:]

    def follows(self, previous: bytes, raw_head: bytes) -> bool:
        """Whether the stored chain value follows from the one before it, with this head."""
        return sha256(BLOCK_LABEL, previous, raw_head, self.evidence, self.input) == self.chain


def comes_later(source: Source, offset: int, name: bytes, ordinal: int) -> bool:
    """Whether a block of this name and ordinal follows somewhere behind the block at `offset`."""
    while True:
        raw = source.read(offset, BLOCK_HEAD.size)
        try:
            head = read_block_head(raw)
        except (ValueError, struct.error):
            return False
        if (head.name, head.ordinal) == (name, ordinal):
            return True
        offset += head.size


# --- Frame ------------------------------------------------------------------------------------------------------------

FRAME_MAGIC = b"CFRM"
FRAME_HEAD = struct.Struct(">4sI8sQQQQIII")
FRAME_SECTION_MAX = 16_400


@dataclass
class Frame:
    """A frame inside a recovered block, with the value F of the frame before it."""

    head: bytes
    nonce: int
    base_ns: int
    last_ns: int
    records: int
    evidence: bytes
    input: bytes
    before: bytes


def read_frames(data: bytes, head: BlockHead, previous: bytes, nonce: int) -> list[Frame]:
    """The frames of a block of kind 2; `previous` and `nonce` are those of the block before. Raises ValueError."""
    frames: list[Frame] = []
    at, before = 0, previous
    while at < len(data):
        raw = data[at : at + FRAME_HEAD.size]
        if len(raw) < FRAME_HEAD.size or raw[:4] != FRAME_MAGIC:
            raise ValueError(f"no frame begins where frame {len(frames)} is due")
        _, sequence, name, ordinal, counter, base, last, records, e, i = FRAME_HEAD.unpack(raw)
        if e > FRAME_SECTION_MAX or i > FRAME_SECTION_MAX or 0 < e <= TAG_BYTES or 0 < i <= TAG_BYTES:
            raise ValueError(f"frame {len(frames)} has impossible lengths")
        end = at + FRAME_HEAD.size + e + i
        if sequence != len(frames) or name != head.name or ordinal != head.ordinal:
            raise ValueError(f"frame {len(frames)} is another one than is due")
        if frames and base != frames[-1].last_ns:
            raise ValueError(f"frame {sequence} does not begin where the one before it ends")
        if counter <= nonce:
            raise ValueError(f"the nonce counter does not grow in frame {sequence}")
        value = sha256(FRAME_LABEL, before, data[at:end])
        if data[end : end + CHAIN_BYTES] != value:
            raise ValueError(f"frame {sequence} is not what was written")
        split = at + FRAME_HEAD.size + e
        evidence, typed = data[at + FRAME_HEAD.size : split], data[split:end]
        frames.append(Frame(raw, counter, base, last, records, evidence, typed, before))
        at, before, nonce = end + CHAIN_BYTES, value, counter
    if not frames:
        raise ValueError("a recovered block without frames")
    stated = (head.first_ns, head.last_ns, head.nonce, head.records)
    if stated != (frames[0].base_ns, frames[-1].last_ns, nonce, sum(frame.records for frame in frames)):
        raise ValueError("the block states other times, counts or counters than its frames")
    return frames


# --- Records: what is inside the sections -----------------------------------------------------------------------------

STREAMS = ("output", "stderr", "input", "gate", "forward-in", "forward-out")
EVENT, DATA, TYPED, DELIVERED = 0x01, 0x10, 0x20, 0x30
CHANNEL_MAX = 2**32 - 1
# A zstd window larger than this is refused: it only costs memory.
ZSTD_WINDOW_LOG = 23
ZSTD_FEED = 64
# A longer wrapped key is not opened.
WRAPPED_MAX = 131_072


def unwrap_keys(header: Header, identities: Sequence[X25519PrivateKey]) -> dict[str, bytes]:
    """Opens the wrapped keys and compares them with their commitments. Only the input key may stay closed."""
    keys = {}
    for name, info in header.keys.items():
        try:
            key = age_decrypt(info.wrapped, identities) if len(info.wrapped) <= WRAPPED_MAX else None
        except ValueError:
            key = None
        if key is None and name == "evidence":
            raise Failure("wrong-identity", "the evidence key stays closed to the given identities")
        if key is None:
            continue
        if not committed(header, name, key):
            raise Failure("key-commitment-mismatch", f"the {name} key is another one")
        keys[name] = key
    return keys


def committed(header: Header, name: str, key: bytes) -> bool:
    """Whether the header commits to this data key."""
    found = sha256(KEY_LABEL, name.encode(), b"\n", header.session.bytes, key)
    return len(key) == 32 and found == header.keys[name].commitment


class Content:
    """The opened content: checks every section and record, and counts what the seal must have counted."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        """`keys` are those that fit the header's commitments. Without the input key, what was typed stays masked."""
        self.keys = keys
        self.records = 0
        self.channels: set[int] = set()
        self.received: dict[tuple[int, int], int] = {}
        self.delivered: dict[tuple[int, int], int] = {}

    def take(self, block: Block, previous: bytes, frames: list[Frame]) -> None:
        """Opens one block whose chain value holds; `previous` is the chain value before it."""
        try:
            if block.head.kind == FRAMES:
                for frame in frames:
                    self._take_frame(frame, first=frame is frames[0])
            else:
                self._take_records(block.head, block.evidence, block.input, previous)
        except Failure as failure:
            failure.offset, failure.block = block.offset, block.head.ordinal
            raise
        except ValueError as cause:
            raise Failure("records-malformed", str(cause), block.offset, block.head.ordinal) from None

    def _take_records(self, head: BlockHead, evidence: bytes, typed: bytes, previous: bytes) -> None:
        bound = head.raw + previous
        packed, packed_input = bool(head.flags & EVIDENCE_ZSTD), bool(head.flags & INPUT_ZSTD)
        plain = self._open("evidence", head.nonce, evidence, bound, head.evidence_plain, packed)
        self._open("input", head.nonce, typed, bound, head.input_plain, packed_input)
        self._read_records(plain, head.first_ns, head.last_ns, head.records, head.input_plain, first=True)

    def _take_frame(self, frame: Frame, first: bool) -> None:
        bound = frame.head + frame.before
        evidence_plain = max(0, len(frame.evidence) - TAG_BYTES)
        input_plain = max(0, len(frame.input) - TAG_BYTES)
        plain = self._open("evidence", frame.nonce, frame.evidence, bound, evidence_plain, False)
        self._open("input", frame.nonce, frame.input, bound, input_plain, False)
        self._read_records(plain, frame.base_ns, frame.last_ns, frame.records, input_plain, first)

    def _open(self, name: str, nonce: int, section: bytes, bound: bytes, length: int, compressed: bool) -> bytes:
        if not section or name not in self.keys:
            return b""
        try:
            plain = AESGCM(self.keys[name]).decrypt(bytes(4) + nonce.to_bytes(8, "big"), section, bound)
        except InvalidTag:
            raise Failure("content-broken", f"the {name} section does not open with the committed key") from None
        if compressed:
            plain = decompress(plain, length)
        if len(plain) != length:
            raise Failure("content-broken", f"the {name} section has another length than its block states")
        return plain

    def _read_records(self, data: bytes, time: int, last: int, count: int, typed_due: int, first: bool) -> None:
        at, found, typed = 0, 0, 0
        while at < len(data):
            tag = data[at]
            delta, at = read_varint(data, at + 1)
            channel_code, at = read_varint(data, at)
            if first and found == 0 and delta != 0:
                raise ValueError("the first record of a block is not at the block's first time")
            time += delta
            found += 1
            channel = channel_code - 1  # -1 is the session itself
            if channel > CHANNEL_MAX:
                raise ValueError("a record names a channel that is too large")
            if channel >= 0:
                self.channels.add(channel)
            if tag == EVENT:
                kind, at = read_bytes(data, at)
                body, at = read_bytes(data, at)
                kind.decode("utf-8")
                if canonical_json(parse_json(body)) != body:
                    raise ValueError("an event's body is not canonical JSON")
                continue
            stream = tag & 0x0F
            if tag & 0xF0 not in (DATA, TYPED, DELIVERED) or stream >= len(STREAMS):
                raise ValueError(f"a record has the unknown tag {tag:#04x}")
            if channel < 0:
                raise ValueError("data without a channel")
            value, at = read_varint(data, at)
            if tag & 0xF0 == DELIVERED:
                self.delivered[channel, stream] = value
                continue
            if tag & 0xF0 == TYPED:
                typed += value
            elif value > len(data) - at:
                raise ValueError("a record is longer than its section")
            else:
                at += value
            self.received[channel, stream] = self.received.get((channel, stream), 0) + value
        if found != count or time != last:
            raise ValueError("the records are not those that the block counts")
        if typed != typed_due:
            raise ValueError("the typed records do not fill the input section")
        self.records += found


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Unsigned LEB128 of at most 64 bits, and the position behind it. Raises ValueError."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("a record ends inside a number")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            if value >= 2**64:
                break
            return value, at
    raise ValueError("a number has more than 64 bits")


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_varint(data, at)
    if length > len(data) - at:
        raise ValueError("a record is longer than its section")
    return data[at : at + length], at + length


def decompress(data: bytes, length: int) -> bytes:
    """One zstd frame of exactly `length` bytes. Fed in small pieces, so that no input makes it use much memory."""
    decoder, errors = _zstd_decoder()
    plain = bytearray()
    try:
        for at in range(0, len(data), ZSTD_FEED):
            if decoder.eof:
                raise Failure("content-broken", "something follows the compressed data")
            plain += decoder.decompress(data[at : at + ZSTD_FEED])
            if len(plain) > length:
                raise Failure("content-broken", "a section is longer than its block states")
    except errors as cause:
        raise Failure("content-broken", f"a section does not decompress ({cause})") from None
    if not decoder.eof or decoder.unused_data:
        raise Failure("content-broken", "a section is not one whole zstd frame")
    return bytes(plain)


def _zstd_decoder() -> tuple[Any, Any]:
    try:
        from compression import zstd  # type: ignore[import-not-found]  # Python 3.14 and newer

        options = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
        return zstd.ZstdDecompressor(options=options), zstd.ZstdError
    except ImportError:
        pass
    try:
        import zstandard
    except ImportError:
        raise MissingPackage("the content is compressed: python3 -m pip install zstandard") from None
    decoder = zstandard.ZstdDecompressor(max_window_size=1 << ZSTD_WINDOW_LOG).decompressobj()
    if not hasattr(decoder, "unused_data"):
        raise MissingPackage("the package zstandard is too old: python3 -m pip install 'zstandard>=0.19'")
    return decoder, zstandard.ZstdError


# --- Seal -------------------------------------------------------------------------------------------------------------

SEAL_MAGIC = b"CSEL"
SEAL_END = b"CHAPEND\n"
SEAL_JSON_MAX = 16_777_216
# From the strongest to the weakest.
COVERAGES = ("captured", "output-only", "flow-only", "refused")


@dataclass
class Seal:
    fields: dict[str, Any]
    seal_key: bytes
    recording: bytes
    chain: bytes
    blocks: int
    records: Optional[int]
    data_bytes: Optional[int]
    coverage: list[dict[str, Any]]
    counts: dict[tuple[int, int], tuple[int, int]]
    recovery: Optional[dict[str, Any]]
    sha256: bytes
    size: int


def read_seal(source: Source, offset: int) -> Seal:
    """Shape and signature of the seal. What it says is compared by the caller."""
    fixed = source.read(offset, 8)
    if len(fixed) < 8:
        raise Failure("truncated", "the file ends inside the seal", offset)
    length = int.from_bytes(fixed[4:], "big")
    if length > SEAL_JSON_MAX:
        raise Failure("seal-damaged", "it states a length that no seal has", offset)
    size = 8 + length + SIGNATURE_BYTES + 4 + len(SEAL_END)
    data = source.read(offset, size)
    if len(data) < size:
        raise Failure("truncated", "the file ends inside the seal", offset)
    signed, signature = data[: 8 + length], data[8 + length : 8 + length + SIGNATURE_BYTES]
    if data[8 + length + SIGNATURE_BYTES :] != struct.pack(">I", size) + SEAL_END:
        raise Failure("seal-damaged", "its trailer is not that of a seal", offset)
    try:
        fields = read_canonical(signed[8:])
        seal = _seal_fields(fields, sha256(data), size)
    except (ValueError, KeyError, TypeError) as cause:
        raise Failure("seal-damaged", f"its JSON does not read ({cause})", offset) from None
    if not signed_by(seal.seal_key, signature, SEAL_LABEL + signed):
        raise Failure("seal-signature", "the signature is not by the key that the seal names", offset)
    return seal


def ends_with_seal(source: Source) -> bool:
    """Whether the end of the file looks like a seal's trailer, and a seal begins where it says."""
    trailer = source.read(max(0, source.size - 12), 12)
    start = source.size - int.from_bytes(trailer[:4], "big")
    return trailer[4:] == SEAL_END and start >= 0 and source.read(start, 4) == SEAL_MAGIC


def _seal_fields(fields: dict[str, Any], digest: bytes, size: int) -> Seal:
    read_session(fields["session"])
    read_time(fields["at"])
    for name in ("first_at", "last_at"):
        if fields[name] is not None or fields["blocks"] != 0:
            read_time(fields[name])
    if fields["state"] not in ("sealed", "recovered"):
        raise ValueError("its state is unknown")
    if not isinstance(fields["reason"], str):
        raise ValueError("reason is not a text")
    recovered = fields["state"] == "recovered"
    if recovered and (fields["records"], fields["bytes"], fields["counts"]) != (None, None, []):
        raise ValueError("it counts what recovery cannot know")
    if not recovered and fields.get("recovery") is not None:
        raise ValueError("it tells of a recovery and is none")
    records, data_bytes = (None if recovered else read_decimal(fields[name]) for name in ("records", "bytes"))
    return Seal(
        fields,
        from_base64(fields["seal_key"], 32),
        from_hex(fields["recording"]),
        from_hex(fields["chain"]),
        read_number(fields["blocks"]),
        records,
        data_bytes,
        _coverage(fields["coverage"]),
        _counts(fields["counts"]),
        _recovery(fields["recovery"]) if recovered else None,
        digest,
        size,
    )


def _coverage(value: Any) -> list[dict[str, Any]]:
    """A statement for each channel: `[{"channel": 0, "coverage": "captured", "why": ""}]`."""
    found = []
    for entry in _list(value):
        if entry["coverage"] not in COVERAGES or not isinstance(entry["why"], str):
            raise ValueError("a statement of coverage is malformed")
        found.append({"channel": read_channel(entry["channel"]), "coverage": entry["coverage"], "why": entry["why"]})
    return found


def _counts(value: Any) -> dict[tuple[int, int], tuple[int, int]]:
    """Bytes by channel and stream: `[{"channel": 0, "stream": "output", "received": "5", "delivered": "5"}]`."""
    found = {}
    for entry in _list(value):
        key = read_channel(entry["channel"]), STREAMS.index(entry["stream"])
        if key in found:
            raise ValueError("a stream is counted twice")
        found[key] = read_decimal(entry["received"]), read_decimal(entry["delivered"])
    return found


def _recovery(value: Any) -> dict[str, Any]:
    """What recovery found; `checkpoint` is null or `[block, hex chain value]`."""
    if read_number(value["frames"]) >= 2**32:
        raise ValueError("more frames than a block can hold")
    read_decimal(value["left_bytes"])
    from_hex(value["left_sha256"])
    if value["checkpoint"] is not None:
        block, chain = _list(value["checkpoint"])
        read_number(block)
        from_hex(chain)
    if not isinstance(value["reaches_checkpoint"], bool):
        raise ValueError("reaches_checkpoint is not true or false")
    return value


def read_channel(value: Any) -> int:
    if read_number(value) > CHANNEL_MAX:
        raise ValueError("a channel that is too large")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value


# ---------------------------------------------------------------------------------------------------------------------
# Verifying
# ---------------------------------------------------------------------------------------------------------------------


def verify_recording(
    recording: Union[bytes, str, os.PathLike],
    keys: Iterable[bytes],
    identities: Sequence[X25519PrivateKey] = (),
    ledger: Optional[LedgerView] = None,
) -> Verdict:
    """Judges a recording, given as its bytes or as a path.

    `keys` are the trusted 32-byte Ed25519 keys. With `identities` the content is opened and compared with the seal.
    With `ledger` the chain and the seal are compared with what the ledger holds. Raises nothing but MissingPackage.
    """
    verdict = Verdict()
    try:
        source = Source(recording)
        with source.file:
            open_keys = lambda header: unwrap_keys(header, list(identities)) if identities else {}  # noqa: E731
            _verify(source, set(keys), open_keys, ledger, verdict)
        verdict.sound = True
    except Failure as failure:
        verdict.failure, verdict.detail = failure.name, failure.detail
        verdict.offset, verdict.block = failure.offset, failure.block
    return verdict


def _verify(
    source: Source,
    trusted: Optional[set[bytes]],
    open_keys: Callable[[Header], dict[str, bytes]],
    ledger: Optional[LedgerView],
    verdict: Verdict,
) -> None:
    """Each check in its order; the first that does not hold raises Failure. `verdict` says how far it came.

    `trusted` is None where the ledger names the very seal, which names the header: then both keys are trusted.
    """
    header = read_header(source)
    verdict.session, verdict.recording, verdict.started = str(header.session), header.c0, header.started
    verdict.ledger_asked = ledger is not None
    if trusted is not None and header.seal_key not in trusted:
        key = base64.b64encode(header.seal_key).decode()
        raise Failure("wrong-key", f"the header is signed by {key}, which was not given as trusted")
    if ledger is not None and ledger.session != str(header.session):
        raise Failure("foreign-recording", f"the header names session {header.session}, not {ledger.session}")
    keys = open_keys(header)
    content = Content(keys) if "evidence" in keys else None
    if content is not None:
        verdict.content = "all-opened" if "input" in content.keys else "evidence-opened"

    offset, chain, blocks = _verify_blocks(source, header, content, ledger, verdict)
    known = max((block for block, _ in ledger.checkpoints), default=0) if ledger is not None else 0
    if offset == source.size and known > blocks:
        raise Failure("tail-cut", f"the ledger knows {known} blocks, the file holds {blocks}", offset)
    if offset == source.size:
        raise Failure("missing-seal", "the file ends behind its last block", offset)
    seal = read_seal(source, offset)
    _verify_sealed_chain(seal, header, chain, blocks, offset)
    end = offset + seal.size
    if end < source.size:
        verdict.sound_bytes = end
        name = "second-seal" if source.read(end, 4) == SEAL_MAGIC else "bytes-after-seal"
        raise Failure(name, f"{source.size - end} bytes follow the seal", end)
    if known > blocks:
        raise Failure("tail-cut", f"the ledger knows {known} blocks, the file holds {blocks}", offset)
    if trusted is not None and seal.seal_key not in trusted:
        raise Failure("wrong-key", "the seal is signed by a key that was not given as trusted", offset)
    if seal.fields["state"] == "sealed" and seal.seal_key != header.seal_key:
        raise Failure("wrong-key", "the seal is signed by another key than the header", offset)
    if content is not None:
        _verify_counts(seal, content, offset)
    if ledger is not None and ledger.seal_sha256 != seal.sha256:
        raise Failure("seal-not-in-ledger", "the ledger holds another seal, or none, for this session", offset)
    verdict.sound_bytes = end
    _describe_seal(seal, verdict)


def _verify_blocks(
    source: Source, header: Header, content: Optional[Content], ledger: Optional[LedgerView], verdict: Verdict
) -> tuple[int, bytes, int]:
    """Walks the chain, and opens each block on the way. Returns where it ends, its last value, the number of blocks."""
    checkpoints: dict[int, set[bytes]] = {}
    for known, value in ledger.checkpoints if ledger is not None else ():
        checkpoints.setdefault(known, set()).add(value)
    offset, chain, ordinal, nonce = header.size, header.c0, 0, 0
    if any(value != chain for value in checkpoints.get(0, ())):
        raise Failure("ledger-mismatch", "the ledger names another beginning for this recording")
    verdict.sound_bytes = offset

    while True:
        magic = source.read(offset, 4)
        if magic == SEAL_MAGIC or not magic:
            return offset, chain, ordinal
        block = _verify_block(source, offset, header.c0[:8], ordinal + 1, chain)
        head = block.head
        if head.nonce <= nonce:
            raise Failure("nonce-reused", f"the counter is {head.nonce} after {nonce}", offset, head.ordinal)
        frames: list[Frame] = []
        if head.kind == FRAMES:
            try:
                frames = read_frames(block.evidence, head, chain, nonce)
            except ValueError as cause:
                raise Failure("frames-broken", str(cause), offset, head.ordinal) from None
        if any(value != block.chain for value in checkpoints.get(head.ordinal, ())):
            raise Failure(
                "ledger-mismatch", f"the ledger has another chain value for block {head.ordinal}", offset, head.ordinal
            )
        if content is not None:
            content.take(block, chain, frames)
        offset, chain, ordinal, nonce = offset + head.size, block.chain, head.ordinal, head.nonce
        verdict.sound_blocks, verdict.sound_bytes = ordinal, offset
        verdict.sound_until = header.started.after(head.last_ns)


def _verify_block(source: Source, offset: int, name: bytes, due: int, chain: bytes) -> Block:
    """Shape, name, ordinal and chain value of the block at `offset`, where block `due` is due."""
    raw = source.read(offset, BLOCK_HEAD.size)
    if not BLOCK_MAGIC.startswith(raw[:4]) and not SEAL_MAGIC.startswith(raw[:4]):
        raise Failure("not-a-block", "neither a block nor a seal begins here", offset, due)
    if len(raw) < BLOCK_HEAD.size:
        raise Failure("truncated", "the file ends inside the head of a block", offset, due)
    try:
        head = read_block_head(raw)
    except ValueError as cause:
        raise Failure("chain-broken", str(cause), offset, due) from None
    if offset + head.size > source.size:
        if ends_with_seal(source):
            raise Failure("chain-broken", "its length goes past the end of a file that ends with a seal", offset, due)
        raise Failure("truncated", "the file ends inside a block", offset, due)
    body = source.read(offset + BLOCK_HEAD.size, head.size - BLOCK_HEAD.size)
    block = Block(head, offset, body)
    if (head.name, head.ordinal) != (name, due):
        # Is it the block that is due, of which only the name was changed? Then the chain value tells.
        restored = raw[:8] + name + due.to_bytes(8, "big") + raw[24:]
        if block.follows(chain, restored):
            raise Failure("chain-broken", "its name or ordinal was changed", offset, due)
    if head.name != name:
        raise Failure("foreign-block", "the block names another recording", offset, due)
    if head.ordinal < due:
        raise Failure("duplicated", f"block {head.ordinal} comes again where {due} is due", offset, due)
    if head.ordinal > due:
        found = comes_later(source, offset + head.size, name, due)
        raise Failure(
            "reordered" if found else "block-missing", f"block {head.ordinal} comes where {due} is due", offset, due
        )
    if not block.follows(chain, raw):
        raise Failure("chain-broken", "its chain value does not follow from what is before it", offset, due)
    return block


def _verify_sealed_chain(seal: Seal, header: Header, chain: bytes, blocks: int, offset: int) -> None:
    """Whether the seal is of this recording, and of exactly these blocks."""
    if seal.recording != header.c0 or seal.fields["session"] != str(header.session):
        raise Failure("foreign-seal", "the seal names another recording", offset)
    if seal.blocks > blocks:
        raise Failure("tail-cut", f"the seal knows {seal.blocks} blocks, the file holds {blocks}", offset)
    if seal.blocks < blocks or seal.chain != chain:
        raise Failure("chain-not-sealed", "the seal names another last block", offset)


def _describe_seal(seal: Seal, verdict: Verdict) -> None:
    verdict.state, verdict.reason = seal.fields["state"], seal.fields["reason"]
    verdict.sealed_at, verdict.sealed_by = seal.fields["at"], seal.fields["seal_key"]
    verdict.seal_hash, verdict.channels, verdict.recovery = seal.sha256, seal.coverage, seal.recovery


def _verify_counts(seal: Seal, content: Content, offset: int) -> None:
    """Compares what was found inside with what the seal counts. A recovered recording was sealed without its keys."""
    if seal.fields["state"] == "recovered":
        return
    known = {channel for channel, _ in seal.counts}
    known |= {entry["channel"] for entry in seal.coverage if entry["coverage"] != "refused"}
    if known - content.channels:
        channel = min(known - content.channels)
        raise Failure("channel-stripped", f"the seal knows channel {channel}, of which nothing is here", offset)
    found_bytes = sum(content.received.values())
    if (seal.records, seal.data_bytes) != (content.records, found_bytes):
        raise Failure(
            "counts-mismatch",
            f"{content.records} records with {found_bytes} bytes are here, "
            f"the seal counts {seal.records} with {seal.data_bytes}",
            offset,
        )
    for channel, stream in sorted(set(seal.counts) | set(content.received) | set(content.delivered)):
        found = content.received.get((channel, stream), 0), content.delivered.get((channel, stream), 0)
        if seal.counts.get((channel, stream), (0, 0)) != found:
            raise Failure(
                "counts-mismatch",
                f"channel {channel}, {STREAMS[stream]}: {found[0]} bytes received and "
                f"{found[1]} delivered are here, the seal counts others",
                offset,
            )


# ---------------------------------------------------------------------------------------------------------------------
# The ledger
# ---------------------------------------------------------------------------------------------------------------------

EMPTY_ROOT = sha256()


def body_hash(salt: bytes, body: Any) -> bytes:
    """The salted hash of a fact's body (a JSON value)."""
    return sha256(BODY_LABEL, salt, canonical_json(body))


def target_tag(key: bytes, number: int) -> bytes:
    """The tag that marks fact `number` as one of the target whose 32-byte tag key this is."""
    return hmac.digest(key, TAG_LABEL + number.to_bytes(8, "big"), "sha256")[:16]


@dataclass
class Leaf:
    """What the ledger's tree commits to for one fact. The time is in microseconds since 1970."""

    number: int
    time_us: int
    kind: str
    tags: list[bytes] = field(default_factory=list)
    body_hash: bytes = b""

    def encode(self) -> bytes:
        kind = self.kind.encode("utf-8")
        tags = sorted(set(self.tags))
        return b"".join(
            [
                b"\x01",
                struct.pack(">QqH", self.number, self.time_us, len(kind)),
                kind,
                struct.pack(">H", len(tags)),
                *tags,
                self.body_hash,
            ]
        )


def parse_leaf(data: bytes) -> Leaf:
    """The one reading of a leaf's bytes. Raises ValueError."""
    try:
        version, number, time_us, length = struct.unpack_from(">BQqH", data)
        kind = data[19 : 19 + length].decode("utf-8")
        (count,) = struct.unpack_from(">H", data, 19 + length)
    except struct.error:
        raise ValueError("a leaf is too short") from None
    start = 21 + length
    tags = [data[at : at + 16] for at in range(start, start + 16 * count, 16)]
    leaf = Leaf(number, time_us, kind, tags, data[start + 16 * count :])
    if version != 1:
        raise ValueError(f"a leaf of the unknown version {version}")
    if len(leaf.body_hash) != 32 or leaf.encode() != data:
        raise ValueError("a leaf has another length, or its tags are not sorted")
    return leaf


# --- Tree: RFC 6962, section 2.1 --------------------------------------------------------------------------------------


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00", leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01", left, right)


class CompactRange:
    """The right edge of the tree: the roots of its perfect subtrees, left to right, one for each bit of the size."""

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        if not 0 <= size < 2**64 or bin(size).count("1") != len(roots) or any(len(root) != 32 for root in roots):
            raise ValueError("a compact range has one root for each set bit of its size")
        self.size, self.roots = size, list(roots)

    def append(self, hashed_leaf: bytes) -> None:
        size = self.size
        while size & 1:
            hashed_leaf = node_hash(self.roots.pop(), hashed_leaf)
            size >>= 1
        self.roots.append(hashed_leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.roots:
            return EMPTY_ROOT
        result = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            result = node_hash(left, result)
        return result

    def encode(self) -> bytes:
        return struct.pack(">Q", self.size) + b"".join(self.roots)

    @classmethod
    def parse(cls, data: bytes) -> CompactRange:
        """Raises ValueError."""
        if len(data) < 8 or len(data) % 32 != 8:
            raise ValueError("a compact range has another length")
        return cls(int.from_bytes(data[:8], "big"), [data[at : at + 32] for at in range(8, len(data), 32)])


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The root over the bytes of all leaves, in order."""
    edge = CompactRange()
    for leaf in leaves:
        edge.append(leaf_hash(leaf))
    return edge.root()


def inclusion_holds(hashed_leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf is number `index` in the tree of this size and root (RFC 6962, section 2.1.1)."""
    if not 0 <= index < size:
        return False
    at, last, result = index, size - 1, hashed_leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node_hash(sibling, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def consistency_holds(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the older tree is the beginning of the newer one (RFC 6962, section 2.1.2)."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof)
    if old_size & (old_size - 1) == 0:  # the older tree is itself a node of the newer one
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = node_hash(node, older), node_hash(node, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, node)
        at, last = at >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root


# --- Checkpoints: C2SP signed-note, tlog-checkpoint and tlog-proof ----------------------------------------------------


@dataclass
class VerifierKey:
    """A ledger's verifier key, `name+id in hex+base64(0x01 || key)`."""

    name: str
    id: bytes
    key: bytes


def key_id(name: str, key: bytes) -> bytes:
    return sha256(name.encode("utf-8"), b"\n\x01", key)[:4]


def parse_verifier_key(text: str) -> VerifierKey:
    """Raises ValueError."""
    name, _, rest = text.strip().partition("+")
    id_text, _, key_text = rest.partition("+")
    key = from_base64(key_text, 33)
    if not name or re.search(r"\s", name) or key[:1] != b"\x01":
        raise ValueError("not an Ed25519 verifier key")
    if id_text != key_id(name, key[1:]).hex():
        raise ValueError("the id of a verifier key does not fit its name and key")
    return VerifierKey(name, bytes.fromhex(id_text), key[1:])


@dataclass
class Note:
    """A signed note: its text, and its signatures as the name and the bytes (4 of the key's id, then the signature)."""

    text: str
    signatures: list[tuple[str, bytes]]

    def signed(self, key: VerifierKey) -> Optional[bool]:
        """Whether this key signed the note: None where there is no signature of it, False where one is wrong."""
        found = [data[4:] for name, data in self.signatures if name == key.name and data[:4] == key.id]
        message = self.text.encode("utf-8")
        return all(signed_by(key.key, signature, message) for signature in found) if found else None


def parse_note(note: bytes) -> Note:
    """The shape of a signed note. Raises ValueError."""
    text = note.decode("utf-8")
    if re.search("[\x00-\x09\x0b-\x1f]", text):
        raise ValueError("a note holds control characters")
    body, gap, lines = text.rpartition("\n\n")
    if not gap or not lines.endswith("\n") or len(lines) > 200_000:
        raise ValueError("a note has no signatures")
    signatures = []
    for line in lines[:-1].split("\n"):
        match = re.fullmatch(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)", line)
        if match is None:
            raise ValueError("a signature line of a note is malformed")
        signatures.append((match[1], from_base64(match[2])))
    return Note(body + "\n", signatures)


def open_note(note: bytes, key: VerifierKey) -> str:
    """The text of a signed note, if this key signed it. Raises ValueError. Signatures of other keys are ignored."""
    opened = parse_note(note)
    signed = opened.signed(key)
    if signed is None:
        raise ValueError("a note is not signed by the ledger's key")
    if not signed:
        raise ValueError("the signature of a note is wrong")
    return opened.text


@dataclass
class Checkpoint:
    origin: str
    size: int
    root: bytes


def parse_checkpoint(text: str) -> Checkpoint:
    """The text of a checkpoint, whoever signed it. Raises ValueError."""
    lines = text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise ValueError("a checkpoint has at least three lines, none of them empty")
    return Checkpoint(lines[0], read_decimal(lines[1]), from_base64(lines[2], 32))


def open_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """A checkpoint that the ledger signed. Raises ValueError."""
    checkpoint = parse_checkpoint(open_note(note, key))
    if checkpoint.origin != key.name:
        raise ValueError("a checkpoint is of another ledger")
    return checkpoint


def open_proof(text: bytes, leaf: bytes, key: VerifierKey) -> tuple[int, Checkpoint]:
    """Checks a tlog-proof that `leaf` is in the ledger. Returns its number and the checkpoint. Raises ValueError."""
    head, gap, note = text.partition(b"\n\n")
    lines = head.decode("utf-8").split("\n")
    if not gap or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise ValueError("not a tlog-proof")
    if lines and lines[0].startswith("extra "):
        from_base64(lines.pop(0)[6:])
    if not lines or not lines[0].startswith("index "):
        raise ValueError("a tlog-proof has no index")
    index = read_decimal(lines.pop(0)[6:])
    checkpoint = open_checkpoint(note, key)
    proof = [from_base64(line, 32) for line in lines]
    if not inclusion_holds(leaf_hash(leaf), index, checkpoint.size, proof, checkpoint.root):
        raise ValueError("the proof does not lead to the checkpoint's root")
    return index, checkpoint


# ---------------------------------------------------------------------------------------------------------------------
# Bundles (recorder/BUNDLES.md): the names of what can be wrong, in the order of the checks, and what is found
# ---------------------------------------------------------------------------------------------------------------------

BUNDLE_FAILURES = {
    "unreadable": "the file cannot be read",
    "archive-truncated": "the file ends inside the archive",
    "archive-malformed": "the archive is not written as bundles are",
    "entry-unknown": "the archive holds something that is no part of a bundle",
    "entry-duplicate": "the archive holds something twice",
    "entry-too-large": "a part of the archive is larger than any bundle's, or there are too many parts",
    "entry-missing": "a part that every bundle has is not there",
    "manifest-malformed": "the manifest does not read",
    "unknown-version": "the bundle is of a version that this program does not know",
    "manifest-changed": "the manifest is not what a given key signed",
    "checkpoint-malformed": "a checkpoint of the ledger does not read",
    "checkpoint-signature": "a checkpoint of the ledger is not what a given key signed",
    "checkpoint-foreign": "a checkpoint is of another ledger, or not the one that the manifest names",
    "range-mismatch": "the tree's edge at the first checkpoint does not fit that checkpoint",
    "consistency-wrong": "it is not proved that the second checkpoint only added to the first",
    "checkpoint-outside": "the checkpoint that was kept is not between those of the bundle, so it proves nothing here",
    "tag-keys-malformed": "the tag keys do not read",
    "keys-malformed": "the data keys do not read",
    "keys-not-opened": "no given identity opens the data keys",
    "leaf-malformed": "a leaf of the ledger does not read",
    "leaf-reordered": "a leaf of the ledger stands where a later one is due",
    "leaf-missing": "a leaf of the ledger is not there",
    "leaf-beyond": "a leaf is there that the second checkpoint does not cover",
    "fact-malformed": "a disclosed fact does not read",
    "fact-reordered": "a disclosed fact stands behind a later one, or is there twice",
    "fact-outside": "a disclosed fact is not between the checkpoints",
    "proof-wrong": "it is not proved that a disclosed fact is in the ledger",
    "fact-changed": "a disclosed fact is not what the ledger committed to",
    "leaf-changed": "a leaf is another one than the ledger's, which its fact holds",
    "fact-gap-unknown": "a fact is without its content, and no known reason is given",
    "tag-key-wrong": "a fact about a target lacks the mark of that target's key",
    "fact-foreign": "a disclosed fact does not belong to what the bundle is about",
    "fact-missing": "the ledger holds a fact about the target that is not disclosed",
    "root-mismatch": "the leaves are not those that the second checkpoint covers",
    "checkpoint-mismatch": "the ledger is not the one whose checkpoint was kept",
    "making-missing": "the ledger does not hold that this bundle was made, for this reason, about these targets",
    "range-starts-late": "the leaves begin too late to cover the time asked for",
    "range-ends-early": "the bundle was made before the time asked for was over",
    "outcome-missing": "how a session ended is not disclosed",
    "recording-missing": "the recording of a session is not there",
    "key-missing": "the data key of a recording is not there, and it is not said to be withheld",
    "key-not-committed": "a data key is not the one that the recording committed to",
    "recording-unsound": "a recording is not what was sealed",
    "recording-unexpected": "a recording is there whose session has none in the ledger",
    "too-much": "there is more than this program takes",
    "file-missing": "a part that the manifest names is not there",
    "file-unlisted": "a part is there that the manifest does not name",
    "file-changed": "a part is not what the manifest says",
}

BUNDLE_GAPS = {
    "keys-sealed": "the data keys are sealed to people whose identity was not given; contents were not opened",
    "body-deleted": "the content of this fact was deleted when its time to be kept was over",
    "recording-deleted": "the recording was deleted when its time to be kept was over; the ledger holds that",
    "key-withheld": "the maker left the data key out on purpose; the content was not opened",
    "not-ended": "no end is known: the session had not ended when the bundle was made",
    "outcome-not-shown": "outcomes of sessions are not shown: one may be of this session, or it had not ended",
}

NOT_PROVED = (
    "That a gate which had been taken over wrote every visit down.",
    "That what happened around the gate is in it.",
    "That facts which a node could not write at the time, and which entered the ledger later, are in it.",
    "That the times are right; their order is proved.",
    "Who stood behind a login.",
    "What names.json and the other files for people say, beyond that the ledger's key signed them.",
    "That a target's tag key was not exchanged in the database together with everything that was tagged before.",
)
NOT_PROVED_OF_A_WINDOW = "That no other fact belongs to it: only for a target and a time can that be proved."
NOT_PROVED_CLOSED = "What is inside the recordings whose content was not opened."

ATTEMPT_KINDS = ("attempt-failed", "attempt-refused", "session-admitted")
OUTCOME_KINDS = ("session-sealed", "session-recovered", "session-never-started", "session-lost")
RECORDED_KINDS = OUTCOME_KINDS[:2]
# They say why something else is not there any more, or on whose word: retention never takes their words.
KINDS_WITH_WORDS = (
    "recording-expired",
    "recording-deleted",
    "bodies-cleared",
    "retention-changed",
    "retention-assigned",
    "retention-allowed",
    "hold-added",
    "hold-lifted",
    "ledger-forked",
    "clock-accepted",
)
WORDS_KEPT_US = 90 * 86_400 * 10**6  # for so long every fact keeps its words

FAILURES_LISTED = 1_000
ATTEMPTS_LISTED = 100_000
GAPS_LISTED = 100_000
KINDS_LISTED = 1_000
SESSIONS_MAX = 100_000
RECORDING_CHECKPOINTS_MAX = 1_000_000


class BundleEnd(Exception):
    """A failure after which nothing more can be checked; always caught inside this module."""

    def __init__(self, name: str, detail: str, file: Optional[str] = None) -> None:
        super().__init__(detail)
        self.name, self.detail, self.file = name, detail, file


@dataclass
class BundleFailure:
    """What does not hold, and the number of the fact, the session or the file that it concerns."""

    name: str
    number: Optional[int] = None
    session: Optional[str] = None
    file: Optional[str] = None
    failure: Optional[str] = None  # of `recording-unsound`: the recording's own
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self), number=decimal_or_none(self.number))


@dataclass
class Subject:
    """What the bundle is about. Times are microseconds since 1970, from the first up to and without the second."""

    kind: str  # "target", "window" or "session"
    targets: list[str]
    from_us: int = 0
    to_us: int = 0
    window: Optional[str] = None
    session: Optional[str] = None

    def covers(self, time_us: int) -> bool:
        """Whether a fact of this time is inside; a window and a session have no times."""
        return self.kind != "target" or self.from_us <= time_us < self.to_us

    def as_json(self) -> dict[str, Any]:
        if self.kind == "target":
            times = {"from_us": str(self.from_us), "to_us": str(self.to_us)}
            return {"kind": self.kind, "targets": self.targets, **times}
        ids = {"window": self.window} if self.kind == "window" else {"window": self.window, "session": self.session}
        return {"kind": self.kind, "targets": self.targets, **ids}


@dataclass
class BundleVerdict:
    """What was found. It holds where there is no failure; then `statement` is what is proved, in one sentence."""

    statement: Optional[str] = None
    subject: Optional[Subject] = None
    names: list[str] = field(default_factory=list)  # of the subject's targets
    made: str = ""  # by whom, when and why, as the manifest says
    first: Optional[Checkpoint] = None  # A
    last: Optional[Checkpoint] = None  # B
    since: Optional[Checkpoint] = None  # C
    attempts: int = 0
    sessions: int = 0
    attempt_list: list[dict[str, Any]] = field(default_factory=list)
    session_list: list[dict[str, Any]] = field(default_factory=list)
    not_disclosed: dict[str, int] = field(default_factory=dict)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    more_gaps: int = 0
    failures: list[BundleFailure] = field(default_factory=list)
    more_failures: int = 0
    not_proved: list[str] = field(default_factory=list)
    wordless: int = 0  # attempts whose content is gone
    attempts_since_kept: bool = False  # whether an attempt is numbered behind C

    @property
    def holds(self) -> bool:
        return not self.failures

    def fail(self, name: str, detail: str, **concerns: Any) -> None:
        if len(self.failures) < FAILURES_LISTED:
            self.failures.append(BundleFailure(name, detail=detail[:300], **concerns))
        else:
            self.more_failures += 1

    def gap(self, name: str, number: Optional[int] = None, session: Optional[str] = None, detail: str = "") -> None:
        if len(self.gaps) < GAPS_LISTED:
            number_text = decimal_or_none(number)
            self.gaps.append({"name": name, "number": number_text, "session": session, "detail": detail})
        else:
            self.more_gaps += 1
            self.gaps[-1]["detail"] = f"{self.more_gaps} more gaps are not listed"

    def as_json(self) -> dict[str, Any]:
        tree = lambda at: at and {"size": str(at.size), "root": base64.b64encode(at.root).decode()}  # noqa: E731
        return {
            "kind": "bundle",
            "holds": self.holds,
            "statement": self.statement,
            "subject": self.subject and self.subject.as_json(),
            "from": tree(self.first),
            "to": tree(self.last),
            "since": tree(self.since),
            "attempts": self.attempts,
            "sessions": self.sessions,
            "attempt_list": self.attempt_list,
            "session_list": self.session_list,
            "not_disclosed": self.not_disclosed,
            "gaps": self.gaps,
            "failures": [failure.as_json() for failure in self.failures],
            "more_failures": self.more_failures,
            "not_proved": self.not_proved,
        }


def decimal_or_none(number: Optional[int]) -> Optional[str]:
    return None if number is None else str(number)


def time_of(microseconds: int) -> str:
    seconds, rest = divmod(microseconds, 10**6)
    return str(Time(seconds, rest * 1000))


def clipped(value: Any, most: int = 500) -> Optional[str]:
    """A text of a document, of bounded length; None for everything else."""
    return value[:most] if isinstance(value, str) else None


# --- The archive: a tar of which every header is computed from the name and the size of its entry ---------------------

TAR_BLOCK = 512
TAR_END = bytes(2 * TAR_BLOCK)
ENTRIES_MAX = 200_000
MIB = 1 << 20
UUID_SHAPE = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ENTRY_NAME = re.compile(rb"[A-Za-z0-9._/-]{1,99}")

# The bound of each entry in bytes, in the order of the specification's table.
ENTRIES = {
    "HOW-TO-VERIFY.txt": 16 * MIB,
    "chaperone_verify.py": 16 * MIB,
    "ledger/from.checkpoint": MIB,
    "ledger/from.range": 2056,
    "ledger/to.checkpoint": MIB,
    "ledger/consistency.proof": MIB,
    "ledger/leaves/": 4 * MIB,
    "facts/": 4 * MIB,
    "tag-keys.json": MIB,
    "keys.json": 16 * MIB,
    "keys.json.age": 16 * MIB,
    "names.json": 16 * MIB,
    "windows.json": 16 * MIB,
    "alerts.json": 16 * MIB,
    "custody.json": 16 * MIB,
    "coverage.json": 16 * MIB,
    "manifest.json": 64 * MIB,
    "manifest.sig": 1024,
}
LEAVES = re.compile(r"ledger/leaves/[0-9]{8}")
FACTS = re.compile(r"facts/[0-9]{8}\.jsonl")
OF_A_SESSION = re.compile(rf"recordings/({UUID_SHAPE})\.chap|derived/{UUID_SHAPE}\.(cast|txt|har)")
MAY_BE_ABSENT = ("chaperone_verify.py", "keys.json.age")


@dataclass
class Entry:
    """Where the content of an entry is in the file."""

    name: str
    offset: int
    size: int


def tar_header(name: bytes, size: int) -> bytes:
    """The one header of an entry of this name and size."""
    header = bytearray(TAR_BLOCK)
    header[0 : len(name)] = name
    header[100:108] = b"0000644\0"
    header[108:116] = header[116:124] = b"0000000\0"
    header[124:136] = b"%011o\0" % size if size < 2**33 else b"\x80\0\0\0" + size.to_bytes(8, "big")
    header[136:148] = b"00000000000\0"
    header[148:156] = b" " * 8
    header[156:157] = b"0"
    header[257:265] = b"ustar\x0000"
    header[329:345] = b"0000000\0" * 2
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def read_tar_header(raw: bytes) -> tuple[str, int]:
    """The name and the size of an entry, if this is its one header. Raises ValueError."""
    name, size = raw[:100].split(b"\0")[0], raw[124:136]
    if not ENTRY_NAME.fullmatch(name) or any(part in (b"", b".", b"..") for part in name.split(b"/")):
        raise ValueError("a name is not one of a bundle")
    if re.fullmatch(rb"[0-7]{11}\0", size):
        length = int(size[:11], 8)
    elif size[:4] == b"\x80\0\0\0":
        length = int.from_bytes(size[4:], "big")
    else:
        raise ValueError("a size does not read")
    if tar_header(name, length) != raw:
        raise ValueError("a header is not the one of its name and size")
    return name.decode("ascii"), length


def entry_bound(name: str) -> Optional[int]:
    """The most bytes that an entry of this name may have, None for a name that is in no bundle."""
    if LEAVES.fullmatch(name) or FACTS.fullmatch(name):
        return ENTRIES[name[:-8] if name.startswith("ledger") else "facts/"]
    if OF_A_SESSION.fullmatch(name):
        return 2**64
    return None if name.endswith("/") else ENTRIES.get(name)


def read_archive(source: Source) -> dict[str, Entry]:
    """Reads all headers, sizes and padding, and nothing else. Raises BundleEnd."""
    entries: dict[str, Entry] = {}
    offset, before = 0, None
    while True:
        raw = source.read(offset, TAR_BLOCK)
        if len(raw) == TAR_BLOCK and not any(raw):
            break
        if len(raw) < TAR_BLOCK:
            raise BundleEnd("archive-truncated", f"the file ends at byte {source.size}, without an end of the archive")
        try:
            name, size = read_tar_header(raw)
        except ValueError as cause:
            raise BundleEnd("archive-malformed", f"{cause}, at byte {offset}", before) from None
        entry = Entry(name, offset + TAR_BLOCK, size)
        padding = -size % TAR_BLOCK
        if entry.offset + size + padding > source.size:
            raise BundleEnd("archive-truncated", f"the file ends inside {name}")
        if any(source.read(entry.offset + size, padding)):
            raise BundleEnd("archive-malformed", f"what fills up {name} is not zeros", name)
        bound = entry_bound(name)
        if bound is None:
            raise BundleEnd("entry-unknown", "no bundle has an entry of this name", name)
        if name in entries:
            raise BundleEnd("entry-duplicate", "there are two entries of this name", name)
        if size > bound or len(entries) >= ENTRIES_MAX:
            raise BundleEnd("entry-too-large", f"it has {size} bytes and is entry {len(entries) + 1}", name)
        entries[name] = entry
        offset, before = entry.offset + size + padding, name
    if source.size - offset < len(TAR_END):
        raise BundleEnd("archive-truncated", "the file ends inside the end of the archive")
    if source.size - offset > len(TAR_END) or source.read(offset, len(TAR_END)) != TAR_END:
        raise BundleEnd("archive-malformed", f"something follows the last entry, at byte {offset}", before)
    _require_entries(entries)
    return entries


def _require_entries(entries: dict[str, Entry]) -> None:
    for required in ENTRIES:
        if required.endswith("/"):
            suffix = ".jsonl" if required == "facts/" else ""
            count = sum(1 for name in entries if name.startswith(required))
            for number in range(count):
                name = f"{required}{number:08}{suffix}"
                if name not in entries:
                    raise BundleEnd("entry-missing", "a later chunk is there", name)
        elif required == "keys.json" and "keys.json.age" in entries:
            if required in entries:
                raise BundleEnd("entry-duplicate", "the keys are there both open and sealed", "keys.json.age")
        elif required not in entries and required not in MAY_BE_ABSENT:
            raise BundleEnd("entry-missing", "no bundle is without it", required)


# --- Manifest and keys ------------------------------------------------------------------------------------------------

MANIFEST_LABEL = b"chaperone/bundle/manifest/v1\n"
JSON_VALUES_MAX = 2_000_000
TAG_KEYS_MAX = 1_000


@dataclass
class Manifest:
    what: Subject
    from_size: int
    to_size: int
    origin: str
    made: int
    by: str
    reason: str
    at: str
    withheld: set[str]
    files: list[tuple[str, int, bytes]]  # name, bytes, SHA-256


def read_bounded_json(data: bytes) -> Any:
    """JSON of a size that a bundle may have, refused before it is built if it has too many values. ValueError."""
    if data.count(b",") + data.count(b"[") + data.count(b"{") > JSON_VALUES_MAX:
        raise ValueError("it has too many values")
    return parse_json(data)


def read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def read_hex(value: Any, length: int) -> bytes:
    """Lower-case hex of so many bytes. Raises ValueError."""
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{%d}" % (2 * length), value):
        raise ValueError(f"not lower-case hex of {length} bytes")
    return bytes.fromhex(value)


def read_microseconds(value: Any) -> int:
    """A signed 64-bit number as a decimal string. Raises ValueError."""
    if not isinstance(value, str) or not re.fullmatch("0|-?[1-9][0-9]{0,18}", value):
        raise ValueError("not a decimal number")
    if not -(2**63) <= int(value) < 2**63:
        raise ValueError("not a number of 64 bits")
    return int(value)


def read_manifest(data: bytes) -> Manifest:
    """Raises BundleEnd."""
    try:
        fields = read_bounded_json(data)
        if not isinstance(fields, dict):
            raise ValueError("not a JSON object")
        if read_number(fields["format"]) != 1:
            raise BundleEnd("unknown-version", f"it is of format {fields['format']}", "manifest.json")
        Time.read(fields["at"])
        files = [
            (read_text(file["name"]), read_decimal(file["bytes"]), read_hex(file["sha256"], 32))
            for file in _list(fields["files"])
        ]
        return Manifest(
            read_subject(fields["what"]),
            read_decimal(fields["from"]),
            read_decimal(fields["to"]),
            read_text(fields["origin"]),
            read_decimal(fields["made"]),
            read_text(fields["by"]),
            read_text(fields["reason"]),
            fields["at"],
            {str(read_session(session)) for session in _list(fields["withheld"])},
            files,
        )
    except (ValueError, KeyError, TypeError) as cause:
        raise BundleEnd("manifest-malformed", f"{type(cause).__name__}: {cause}", "manifest.json") from None


def read_subject(what: Any) -> Subject:
    """Raises ValueError, KeyError or TypeError."""
    kind, targets = what["kind"], [str(read_session(target)) for target in _list(what["targets"])]
    if not targets:
        raise ValueError("it is about no target")
    if kind == "target":
        return Subject(kind, targets, read_microseconds(what["from_us"]), read_microseconds(what["to_us"]))
    if kind == "window":
        return Subject(kind, targets, window=str(read_session(what["window"])))
    if kind == "session":
        window, session = read_session(what["window"]), read_session(what["session"])
        return Subject(kind, targets, window=str(window), session=str(session))
    raise ValueError("it is about something unknown")


@dataclass
class TagKey:
    name: str
    key: bytes


def read_tag_keys(data: bytes) -> dict[str, TagKey]:
    """The tag keys by target. Raises ValueError, KeyError or TypeError."""
    entries = _list(read_bounded_json(data))
    keys = {str(read_session(at["target"])): TagKey(read_text(at["name"]), read_hex(at["key"], 32)) for at in entries}
    if len(keys) != len(entries) or len(keys) > TAG_KEYS_MAX:
        raise ValueError("a target is there twice, or there are too many")
    return keys


def read_data_keys(data: bytes) -> dict[str, dict[str, bytes]]:
    """The data keys by session. Raises ValueError, KeyError or TypeError."""
    sessions = read_bounded_json(data)["keys"]
    if not isinstance(sessions, dict):
        raise ValueError("keys is not an object")
    found = {}
    for session, at in sessions.items():
        keys = {"evidence": read_hex(at["evidence"], 32)}
        if "input" in at:
            keys["input"] = read_hex(at["input"], 32)
        found[str(read_session(session))] = keys
    return found


# --- Facts ------------------------------------------------------------------------------------------------------------


@dataclass
class Fact:
    """A disclosed fact: its leaf, its document's text with the salt, and the proof that the leaf is in the ledger."""

    number: int
    leaf: Leaf
    leaf_bytes: bytes
    salt: bytes
    text: Optional[str]
    gap: Any
    proof: list[bytes]
    document: Optional[dict[str, Any]] = None

    def __post_init__(self) -> None:
        try:
            value = parse_json(self.text.encode("utf-8")) if self.text is not None else None
        except ValueError:
            value = None
        self.document = value if isinstance(value, dict) else None

    def is_about(self, name: str) -> Optional[str]:
        """An id in the document: of its `window`, `session` and so on."""
        value = self.document.get(name) if self.document else None
        return value if isinstance(value, str) else None

    def targets(self) -> list[str]:
        also = self.document.get("also") if self.document else None
        named = [self.is_about("target"), *(also if isinstance(also, list) else [])]
        return [target for target in named if isinstance(target, str)]

    def says(self, name: str) -> Any:
        """A field of what happened, which is the `body` inside the document."""
        body = self.document.get("body") if self.document else None
        return body.get(name) if isinstance(body, dict) else None

    def unchanged(self) -> bool:
        """Whether the leaf commits to this very text, and it is a document."""
        found = sha256(BODY_LABEL, self.salt, (self.text or "").encode("utf-8"))
        return found == self.leaf.body_hash and self.document is not None


def read_fact(fields: dict[str, Any]) -> Fact:
    """Raises ValueError, KeyError or TypeError."""
    number, data = read_decimal(fields["number"]), from_base64(fields["leaf"])
    leaf = parse_leaf(data)
    if leaf.number != number:
        raise ValueError("the leaf has another number")
    text, salt = fields["body"], fields["salt"]
    if (text is None) != (salt is None):
        raise ValueError("only one of body and salt is there")
    salt_bytes = b"" if salt is None else read_hex(salt, 16)
    proof = [from_base64(sibling, 32) for sibling in _list(fields["proof"])]
    return Fact(number, leaf, data, salt_bytes, None if text is None else read_text(text), fields.get("gap"), proof)


@dataclass
class SessionFacts:
    """What the disclosed facts say about one session."""

    admitted: Optional[int] = None
    began_us: int = 0
    counted: bool = False
    outcome: Optional[str] = None
    ended_us: Optional[int] = None
    end_reason: Optional[str] = None
    end_written: bool = False  # by a `session-ended`
    seal_hash: Optional[bytes] = None
    deleted: bool = False
    checkpoints: bytearray = field(default_factory=bytearray)  # be64 of the block and its chain value, end to end

    def recorded(self) -> bool:
        return self.outcome in RECORDED_KINDS


RECORDING_CHECKPOINT = struct.Struct(">Q32s")

# --- Verifying a bundle: each check in the order of the specification -------------------------------------------------


def verify_bundle(
    bundle: Union[bytes, str, os.PathLike],
    keys: Iterable[tuple[Optional[str], bytes]],
    kept: Optional[bytes] = None,
    identities: Sequence[X25519PrivateKey] = (),
) -> BundleVerdict:
    """Judges a bundle, given as its bytes or as a path.

    `keys` are the ledger's keys that are trusted, each with its name where it has one; `kept` is a checkpoint of the
    ledger that somebody else kept; `identities` open data keys that are sealed. Raises nothing but MissingPackage.
    """
    verdict = BundleVerdict()
    try:
        source = Source(bundle)
        with source.file:
            BundleCheck(source, list(keys), kept, list(identities), verdict).run()
    except BundleEnd as end:
        verdict.fail(end.name, end.detail, file=end.file)
    except Failure as failure:
        verdict.fail(failure.name, failure.detail)
    if verdict.holds:
        verdict.statement = statement(verdict)
    return verdict


class BundleCheck:
    """The checks of one bundle, and what they know of each other."""

    def __init__(
        self,
        source: Source,
        keys: list[tuple[Optional[str], bytes]],
        kept: Optional[bytes],
        identities: list[X25519PrivateKey],
        verdict: BundleVerdict,
    ) -> None:
        self.source, self.keys, self.kept, self.identities = source, keys, kept, identities
        self.verdict = verdict
        self.tag_keys: dict[str, TagKey] = {}
        self.data_keys: Optional[dict[str, dict[str, bytes]]] = None  # None where they cannot be read
        self.range: Optional[CompactRange] = None
        # Of the walk over leaves and facts:
        self.due = 0
        self.leaves_whole = True
        self.root_at_kept: Optional[bytes] = None
        self.first_leaf_us: Optional[int] = None
        self.next_fact: Optional[Fact] = None
        self.making: Optional[Fact] = None
        self.sessions: dict[str, SessionFacts] = {}
        self.recording_checkpoints = 0
        self.last_hidden_outcome = -1  # the last leaf of an outcome that is not disclosed, or without its words
        self.last_attempt = -1
        self.wordless = array.array("q")  # number and time of each fact without its content, end to end
        self.last_cleared = -1  # the last leaf that says that content was deleted

    def run(self) -> None:
        self.entries = read_archive(self.source)
        self._check_manifest()
        self._check_checkpoints()
        self._read_keys()
        self._walk()
        self._check_gaps()
        self._check_roots()
        self._check_making()
        self._check_sessions()
        self._check_files()
        self._tell_what_is_not_proved()

    def _read(self, name: str) -> bytes:
        """The content of an entry; its size was bounded when the archive was read."""
        entry = self.entries[name]
        return self.source.read(entry.offset, entry.size)

    # 2. Manifest

    def _check_manifest(self) -> None:
        data = self._read("manifest.json")
        self.manifest = manifest = read_manifest(data)
        self.what = self.verdict.subject = manifest.what
        self.verdict.names = list(manifest.what.targets)
        self.verdict.made = f"by {manifest.by} at {manifest.at}, for this reason: {manifest.reason}"
        message, text = MANIFEST_LABEL + sha256(data), self._read("manifest.sig")
        try:
            signature = from_base64(text[:-1].decode("ascii"), SIGNATURE_BYTES) if text.endswith(b"\n") else b""
        except ValueError:
            signature = b""
        if not any(signed_by(key, signature, message) for _, key in self.keys):
            self.verdict.fail("manifest-changed", "no given key signed it", file="manifest.json")

    # 3. Checkpoints

    def _check_checkpoints(self) -> None:
        name_a, name_b = "ledger/from.checkpoint", "ledger/to.checkpoint"
        self.last = self._read_checkpoint(name_b, self._read(name_b))
        self.verdict.last = self.last
        self._check_checkpoint(name_b, self.last, self.manifest.to_size)
        self.first = Checkpoint(self.manifest.origin, 0, EMPTY_ROOT)
        if self.entries[name_a].size:
            self.first = self._read_checkpoint(name_a, self._read(name_a))
        self.verdict.first = self.first
        self._check_checkpoint(name_a, self.first, self.manifest.from_size, most=self.last.size)

        try:
            self.range = CompactRange.parse(self._read("ledger/from.range"))
        except ValueError as cause:
            self.verdict.fail("range-mismatch", str(cause), file="ledger/from.range")
        edge = self.range
        if edge is not None and (edge.size, edge.root()) != (self.first.size, self.first.root):
            detail = f"it is of size {edge.size}, and not the edge of checkpoint A"
            self.verdict.fail("range-mismatch", detail, file="ledger/from.range")
        if not self._consistent():
            detail = "the proof does not lead from A's root to B's"
            self.verdict.fail("consistency-wrong", detail, file="ledger/consistency.proof")

        if self.kept is not None:
            self._check_kept(self.kept)

    def _read_checkpoint(self, file: str, data: bytes) -> Checkpoint:
        """Shape and signature of a checkpoint. Raises BundleEnd where it has not the shape of one."""
        try:
            note = parse_note(data)
            checkpoint = parse_checkpoint(note.text)
        except ValueError as cause:
            raise BundleEnd("checkpoint-malformed", str(cause), file) from None
        signed = {}
        for name, key in self.keys:
            name = name or checkpoint.origin
            signed[name, key] = note.signed(VerifierKey(name, key_id(name, key), key))
        by_the_ledger = any(signed[name, key] for name, key in signed if name == checkpoint.origin)
        if not by_the_ledger or False in signed.values():
            detail = "no given key of this ledger signed it, or a signature is false"
            self.verdict.fail("checkpoint-signature", detail, file=file)
        return checkpoint

    def _check_checkpoint(self, file: str, found: Checkpoint, size: int, most: int = 2**64) -> None:
        if found.origin != self.manifest.origin:
            self.verdict.fail("checkpoint-foreign", f"it is of the ledger {found.origin}", file=file)
        elif found.size != size or found.size > most:
            detail = f"it is of size {found.size}; the manifest says {size}"
            self.verdict.fail("checkpoint-foreign", detail, file=file)

    def _consistent(self) -> bool:
        lines = self._read("ledger/consistency.proof").split(b"\n")
        try:
            proof = [from_base64(line.decode("ascii"), 32) for line in lines[:-1]]
        except ValueError:
            return False
        first, last = self.first, self.last
        return not lines[-1] and consistency_holds(first.size, first.root, last.size, last.root, proof)

    def _check_kept(self, data: bytes) -> None:
        file = "checkpoint"
        try:
            kept = self.verdict.since = self._read_checkpoint(file, data)
        except BundleEnd as end:
            self.verdict.fail(end.name, end.detail, file=end.file)
            return
        if kept.origin != self.manifest.origin:
            self.verdict.fail("checkpoint-foreign", f"it is of the ledger {kept.origin}", file=file)
        if not self.first.size <= kept.size <= self.last.size:
            detail = f"its size is {kept.size}, and the bundle goes from {self.first.size} to {self.last.size}"
            self.verdict.fail("checkpoint-outside", detail, file=file)

    # 4. Tag keys and keys

    def _read_keys(self) -> None:
        try:
            self.tag_keys = read_tag_keys(self._read("tag-keys.json"))
        except (ValueError, KeyError, TypeError) as cause:
            raise BundleEnd("tag-keys-malformed", f"{type(cause).__name__}: {cause}", "tag-keys.json") from None
        named = self.tag_keys
        self.verdict.names = [named[at].name if at in named else at for at in self.what.targets]

        file = "keys.json" if "keys.json" in self.entries else "keys.json.age"
        data: Optional[bytes] = self._read(file)
        if file == "keys.json.age":
            if not self.identities:
                self.verdict.gap("keys-sealed")
                return
            try:
                data = age_decrypt(data or b"", self.identities)
            except ValueError:
                data = None
            if data is None:
                self.verdict.fail("keys-not-opened", "no given identity opens it", file=file)
                return
        try:
            self.data_keys = read_data_keys(data or b"")
        except (ValueError, KeyError, TypeError, AttributeError) as cause:
            self.verdict.fail("keys-malformed", f"{type(cause).__name__}: {cause}", file=file)

    # 5. Leaves and facts, together by number; of each only one chunk is in memory

    def _walk(self) -> None:
        self.due = self.first.size
        if self.range is not None and self.kept_size() == self.due:
            self.root_at_kept = self.range.root()
        facts = self._facts()
        self._take_next(facts)
        self._facts_before(self.due, facts)
        for data in self._leaves():
            leaf = self._read_leaf(data)
            if leaf is None:  # its bytes are no leaf: its number is taken as passed
                self.leaves_whole = False
                self.verdict.fail("leaf-malformed", "its bytes are no leaf", number=self.due)
                self.due += 1
                self._facts_before(self.due, facts)
            elif leaf.number >= self.last.size:
                self.leaves_whole = False
                self.verdict.fail("leaf-beyond", "checkpoint B is smaller", number=leaf.number)
            elif leaf.number < self.due:
                self.leaves_whole = False
                self.verdict.fail("leaf-reordered", f"leaf {self.due} is due", number=leaf.number)
            else:
                self._pass_over(leaf.number, facts)
                self._take_leaf(leaf, data or b"", facts)
        self._pass_over(self.last.size, facts)
        self._facts_before(2**64, facts)

    def kept_size(self) -> Optional[int]:
        return self.verdict.since.size if self.verdict.since is not None else None

    def _chunks(self, shape: re.Pattern[str]) -> list[str]:
        return sorted(name for name in self.entries if shape.fullmatch(name))

    def _leaves(self) -> Iterator[Optional[bytes]]:
        """The bytes of each leaf; None where a length goes past its chunk, which ends the chunk."""
        for name in self._chunks(LEAVES):
            chunk, at = self._read(name), 0
            while at < len(chunk):
                end = at + 4 + int.from_bytes(chunk[at : at + 4], "big")
                if at + 4 > len(chunk) or end > len(chunk):
                    yield None
                    break
                yield chunk[at + 4 : end]
                at = end

    @staticmethod
    def _read_leaf(data: Optional[bytes]) -> Optional[Leaf]:
        try:
            return parse_leaf(data) if data is not None else None
        except ValueError:
            return None

    def _pass_over(self, number: int, facts: Iterator[Fact]) -> None:
        """The leaves from the one that is due up to and without this number are missing; facts may still be there."""
        start = self.due
        while self.due < number:
            self.leaves_whole = False
            if self.due < start + FAILURES_LISTED:
                self.verdict.fail("leaf-missing", "no leaf with this number is there", number=self.due)
                self.due += 1
            else:
                detail = f"and all up to {number - 1}"
                self.verdict.fail("leaf-missing", detail, number=self.due)
                self.due = number
            self._facts_before(self.due, facts)

    def _take_leaf(self, leaf: Leaf, data: bytes, facts: Iterator[Fact]) -> None:
        """The leaf that is due, and the fact of its number if that is disclosed."""
        if self.first_leaf_us is None:
            self.first_leaf_us = leaf.time_us
        if leaf.kind == "bodies-cleared":
            self.last_cleared = leaf.number
        self.due += 1
        if self.range is not None:
            self.range.append(leaf_hash(data))
            if self.kept_size() == self.due:
                self.root_at_kept = self.range.root()
        fact = self.next_fact
        if fact is not None and fact.number == leaf.number:
            self._take_fact(fact, data)
            self._take_next(facts)
        elif self._tagged(leaf):
            self._count_undisclosed(leaf)
            if self.what.kind == "target" and self.what.covers(leaf.time_us):
                self.verdict.fail("fact-missing", f"a {printable(leaf.kind)[:60]}", number=leaf.number)

    def _count_undisclosed(self, leaf: Leaf) -> None:
        counts, kind = self.verdict.not_disclosed, leaf.kind[:100]
        kind = kind if kind in counts or len(counts) < KINDS_LISTED else "others"
        counts[kind] = counts.get(kind, 0) + 1
        self._hide(leaf)

    def _hide(self, leaf: Leaf) -> None:
        """A leaf without words: of an outcome it may hide whose it is."""
        if leaf.kind in OUTCOME_KINDS:
            self.last_hidden_outcome = max(self.last_hidden_outcome, leaf.number)

    def _tagged(self, leaf: Leaf) -> bool:
        return bool(leaf.tags) and any(self._carries(leaf, at.key) for at in self.tag_keys.values())

    @staticmethod
    def _carries(leaf: Leaf, key: bytes) -> bool:
        return target_tag(key, leaf.number) in leaf.tags

    def _facts(self) -> Iterator[Fact]:
        """The disclosed facts with growing numbers; what is no such line, or out of order, is told and left out."""
        before = -1
        for name in self._chunks(FACTS):
            chunk, at = self._read(name), 0
            while at < len(chunk):
                end = chunk.find(b"\n", at)
                line = chunk[at : end if end >= 0 else len(chunk)]
                at = end + 1 if end >= 0 else len(chunk)
                fact = self._read_line(name, line if end >= 0 else None)
                if fact is not None and fact.number <= before:
                    self.verdict.fail("fact-reordered", f"it stands behind fact {before}", number=fact.number)
                elif fact is not None:
                    before = fact.number
                    yield fact

    def _read_line(self, file: str, line: Optional[bytes]) -> Optional[Fact]:
        fields: Any = None
        try:
            if line is None:
                raise ValueError("a line has no end")
            fields = parse_json(line)
            return read_fact(fields)
        except (ValueError, KeyError, TypeError) as cause:
            number = None
            with contextlib.suppress(ValueError, KeyError, TypeError):
                number = read_decimal(fields["number"])
            self.verdict.fail("fact-malformed", f"{type(cause).__name__}: {cause}", file=file, number=number)
        return None

    def _take_next(self, facts: Iterator[Fact]) -> None:
        self.next_fact = next(facts, None)

    def _facts_before(self, number: int, facts: Iterator[Fact]) -> None:
        """Takes the facts below this number: those for which no leaf came."""
        while self.next_fact is not None and self.next_fact.number < number:
            self._take_fact(self.next_fact, None)
            self._take_next(facts)

    def _take_fact(self, fact: Fact, leaf_there: Optional[bytes]) -> None:
        """Checks one fact; `leaf_there` is the leaf of its number among the leaves, if one is there."""
        number, leaf, fail = fact.number, fact.leaf, self.verdict.fail
        if not self.first.size <= number < self.last.size:
            fail("fact-outside", "it is not between the checkpoints", number=number)
            return
        proved = inclusion_holds(leaf_hash(fact.leaf_bytes), number, self.last.size, fact.proof, self.last.root)
        if not proved:
            fail("proof-wrong", "the path does not lead to B's root", number=number)
        if fact.text is not None and not fact.unchanged():
            fail("fact-changed", "the leaf commits to another document", number=number)
        if proved and leaf_there is not None and leaf_there != fact.leaf_bytes:
            fail("leaf-changed", "the proof holds for the fact's leaf", number=number)
        if fact.text is None and fact.gap == "retention" and leaf.kind not in KINDS_WITH_WORDS:
            self.wordless.extend((number, leaf.time_us))
        elif fact.text is None:
            fail("fact-gap-unknown", "no body, and no reason that there can be", number=number)
        for target in fact.targets():
            if target in self.tag_keys and not self._carries(leaf, self.tag_keys[target].key):
                fail("tag-key-wrong", f"its leaf lacks the tag of {target}", number=number)
                break
        if self._foreign(fact):
            fail("fact-foreign", "it is not about the bundle's subject", number=number)
        if number == self.manifest.made:
            self.making = fact
        self._count_attempt(fact)
        self._note_session(fact)

    def _foreign(self, fact: Fact) -> bool:
        if self.what.kind == "target":
            return not self._tagged(fact.leaf)
        if fact.document is None or fact.number == self.manifest.made:
            return False
        known = self.sessions.get(fact.is_about("session") or "")
        admitted_before = known is not None and known.admitted is not None
        return fact.is_about("window") != self.what.window and not admitted_before

    def _count_attempt(self, fact: Fact) -> None:
        kind = fact.leaf.kind
        if kind not in ATTEMPT_KINDS or not self.what.covers(fact.leaf.time_us):
            return
        self.verdict.attempts += 1
        self.verdict.wordless += fact.text is None
        self.verdict.sessions += kind == "session-admitted"
        self.last_attempt = fact.number
        if len(self.verdict.attempt_list) < ATTEMPTS_LISTED:
            self.verdict.attempt_list.append(
                {
                    "number": str(fact.number),
                    "at": time_of(fact.leaf.time_us),
                    "kind": kind,
                    "person": clipped(fact.is_about("person")),
                    "session": clipped(fact.is_about("session")),
                    "reason": clipped(fact.says("reason")),
                }
            )

    # Of the facts about sessions only what the checks of the sessions need is kept.

    def _note_session(self, fact: Fact) -> None:
        kind, session = fact.leaf.kind, fact.is_about("session")
        if fact.document is None:
            self._hide(fact.leaf)
        if kind == "session-admitted":
            if session is None:
                self._note_nameless(fact)
                return
            known = self._session(session)
            if known.admitted is None:
                known.admitted, known.began_us = fact.number, fact.leaf.time_us
                known.counted = self.what.covers(fact.leaf.time_us)
        elif kind == "session-started" and session is not None:
            known = self._session(session)
            with contextlib.suppress(ValueError):
                known.checkpoints += RECORDING_CHECKPOINT.pack(0, from_hex(fact.says("recording_identity")))
        elif kind in OUTCOME_KINDS and session is not None:
            known = self._session(session)
            known.outcome = kind
            if known.ended_us is None:
                known.ended_us, known.end_reason = fact.leaf.time_us, clipped(fact.says("reason"))
            known.seal_hash = None
            with contextlib.suppress(ValueError):
                known.seal_hash = from_hex(fact.says("seal_hash"))
        elif kind == "session-ended" and session is not None:
            known = self._session(session)
            known.end_written = True
            known.ended_us, known.end_reason = fact.leaf.time_us, clipped(fact.says("reason"))
        elif kind == "recording-deleted" and session is not None:
            self._session(session).deleted = True
        elif kind == "recording-checkpoint":
            self._note_checkpoints(fact.says("recordings"))

    def _note_nameless(self, fact: Fact) -> None:
        """An admission whose content was deleted: that there was a session is all that is known."""
        if len(self.verdict.session_list) >= SESSIONS_MAX:
            raise BundleEnd("too-much", f"more than {SESSIONS_MAX} sessions")
        if self.what.covers(fact.leaf.time_us):
            self._list_session(None, SessionFacts(fact.number, fact.leaf.time_us), "none")

    def _session(self, session: str) -> SessionFacts:
        if session not in self.sessions and len(self.sessions) >= SESSIONS_MAX:
            raise BundleEnd("too-much", f"more than {SESSIONS_MAX} sessions")
        return self.sessions.setdefault(session, SessionFacts())

    def _note_checkpoints(self, recordings: Any) -> None:
        for at in recordings if isinstance(recordings, list) else ():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                session, chain = str(read_session(at["session"])), from_hex(at["chain"])
                block = read_decimal(at["block"]) if isinstance(at["block"], str) else read_number(at["block"])
                self.recording_checkpoints += 1
                if f"recordings/{session}.chap" in self.entries:
                    self._session(session).checkpoints += RECORDING_CHECKPOINT.pack(block, chain)
            if self.recording_checkpoints > RECORDING_CHECKPOINTS_MAX:
                raise BundleEnd("too-much", f"more than {RECORDING_CHECKPOINTS_MAX} checkpoints of recordings")

    def _check_gaps(self) -> None:
        """Retention waits for 90 days, and a later leaf says what it did."""
        made = self.making.leaf if self.making is not None else None
        young = made.time_us - WORDS_KEPT_US if made is not None and made.kind == "bundle-made" else 2**63
        for number, time_us in zip(self.wordless[::2], self.wordless[1::2]):
            if time_us > young:
                self.verdict.fail("fact-gap-unknown", "it is younger than what retention takes", number=number)
            elif self.leaves_whole and number > self.last_cleared:
                self.verdict.fail("fact-gap-unknown", "no later leaf says that retention ran", number=number)
            else:
                self.verdict.gap("body-deleted", number=number)

    def _check_roots(self) -> None:
        if not self.leaves_whole or self.range is None:
            return
        if self.range.root() != self.last.root:
            self.verdict.fail("root-mismatch", "the root over the leaves is not B's")
        kept = self.verdict.since
        if kept is not None and self.root_at_kept not in (None, kept.root):
            detail = f"the root at size {kept.size} is another one"
            self.verdict.fail("checkpoint-mismatch", detail, file="checkpoint")

    # 6. Making

    def _check_making(self) -> None:
        made, fact, fail = self.manifest.made, self.making, self.verdict.fail
        tagged = fact is not None and all(self._carries(fact.leaf, at.key) for at in self.tag_keys.values())
        is_making = fact is not None and self._says_this_was_made(fact)
        if not tagged or not is_making:
            fail("making-missing", "no such fact says that this bundle was made for this reason", number=made)
        keyless = [target for target in self.what.targets if target not in self.tag_keys]
        unnamed = fact is not None and not set(self.what.targets) <= set(fact.targets())
        if (fact is not None and not tagged) or keyless or unnamed:
            detail = f"no tag key of {keyless[0]}" if keyless else "it lacks the tag of a tag key, or does not name a target"
            fail("tag-key-wrong", detail, number=made)
        if self.what.kind != "target":
            return
        first_us = self.first_leaf_us
        if self.first.size and first_us is not None and first_us >= self.what.from_us:
            fail("range-starts-late", f"the first leaf is of {time_of(first_us)}")
        if fact is not None and fact.leaf.time_us < self.what.to_us:
            fail("range-ends-early", f"it was made at {time_of(fact.leaf.time_us)}")

    def _says_this_was_made(self, fact: Fact) -> bool:
        """Why, of what, without which keys, and to whom they are sealed, as far as the fact says the last."""
        try:
            subject = read_subject(fact.says("subject"))
            withheld = {str(read_session(session)) for session in _list(fact.says("withheld") or [])}
        except (ValueError, KeyError, TypeError):
            return False
        recipients, sealed = fact.says("recipients"), "keys.json.age" in self.entries
        return (
            fact.leaf.kind == "bundle-made"
            and fact.says("reason") == self.manifest.reason
            and subject == self.what
            and withheld == self.manifest.withheld
            and (not isinstance(recipients, list) or bool(recipients) == sealed)
        )

    # 7. Sessions

    def _check_sessions(self) -> None:
        """In the order of their first fact; then the recordings of which no outcome is among the facts."""
        for session, known in self.sessions.items():
            self._check_session(session, known)
        self.verdict.session_list.sort(key=lambda at: int(at["number"]))
        for name in self.entries:
            match = OF_A_SESSION.fullmatch(name)
            session = match[1] if match else None
            if session is None:
                continue
            if not self.sessions.get(session, SessionFacts()).recorded():
                self.verdict.fail("recording-unexpected", "no seal of it is among the facts", session=session)

    def _check_session(self, session: str, known: SessionFacts) -> None:
        verdict, state, found = self.verdict, "none", Verdict()
        admitted = known.admitted is not None
        if admitted and known.outcome is None and not known.deleted:
            self._check_no_outcome(session, known)
        if known.recorded() and f"recordings/{session}.chap" in self.entries:
            found = self._check_recording(session, known)
            state = "sound" if found.sound else "unsound"
        elif known.deleted:
            state = "deleted"
            verdict.gap("recording-deleted", session=session)
        elif admitted and known.recorded():
            state = "missing"
            verdict.fail("recording-missing", f"it was {known.outcome[8:]}", session=session)
        if known.counted:
            self._list_session(session, known, state, found)

    def _check_no_outcome(self, session: str, known: SessionFacts) -> None:
        """Whose an outcome is that is not shown cannot be told: only all about a target has to have it."""
        hidden = self.last_hidden_outcome > known.admitted
        if known.end_written or (hidden and self.what.kind == "target"):
            self.verdict.fail("outcome-missing", "what became of it is not disclosed", session=session)
        else:
            self.verdict.gap("outcome-not-shown" if hidden else "not-ended", session=session)

    def _list_session(self, session: Optional[str], known: SessionFacts, recording: str, found: Any = None) -> None:
        opened = found is not None and found.content != "not-opened"
        self.verdict.session_list.append(
            {
                "session": session,
                "number": decimal_or_none(known.admitted),
                "began": time_of(known.began_us),
                "ended": time_of(known.ended_us) if known.ended_us is not None else None,
                "outcome": known.outcome,
                "end_reason": known.end_reason,
                "recording": recording,
                "coverage": found.coverage() if found is not None and found.sound and found.channels else None,
                "content": "opened" if opened and found.sound else "not-opened",
            }
        )

    def _check_recording(self, session: str, known: SessionFacts) -> Verdict:
        """A recording that is there, against its seal in the ledger, with the data key that is there for it."""
        entry = self.entries[f"recordings/{session}.chap"]
        source, found = self.source.part(entry.offset, entry.size), Verdict()
        keys = self._keys_for(session)
        try:
            self._check_seal_hash(source, known)
            points = [(block, chain) for block, chain in RECORDING_CHECKPOINT.iter_unpack(bytes(known.checkpoints))]
            view = LedgerView(session, points, known.seal_hash)
            open_keys = lambda header: self._committed_keys(header, session, keys)  # noqa: E731
            _verify(source, None, open_keys, view, found)
            found.sound = True
        except Failure as failure:
            detail = f"{failure.detail}, at byte {failure.offset}"
            self.verdict.fail("recording-unsound", detail, session=session, failure=failure.name)
        return found

    def _keys_for(self, session: str) -> dict[str, bytes]:
        keys = (self.data_keys or {}).get(session, {})
        if not keys and session in self.manifest.withheld:
            self.verdict.gap("key-withheld", session=session)
        elif not keys and self.data_keys is not None:
            self.verdict.fail("key-missing", "neither its key nor that it is withheld is there", session=session)
        return keys

    def _committed_keys(self, header: Header, session: str, keys: dict[str, bytes]) -> dict[str, bytes]:
        """The keys that are what the header committed to; the others are told, and not used."""
        fitting = {name: key for name, key in keys.items() if committed(header, name, key)}
        if len(fitting) < len(keys):
            names = " and ".join(sorted(set(keys) - set(fitting)))
            self.verdict.fail("key-not-committed", f"the {names} key is another one", session=session)
        return fitting

    @staticmethod
    def _check_seal_hash(source: Source, known: SessionFacts) -> None:
        """The seal at the file's end is the one that the ledger names. Then everything that it names is trusted."""
        trailer = source.read(max(0, source.size - 12), 12)
        size = int.from_bytes(trailer[:4], "big")
        most = 8 + SEAL_JSON_MAX + SIGNATURE_BYTES + 4 + len(SEAL_END)
        whole = trailer[4:] == SEAL_END and 12 <= size <= min(most, source.size)
        if not whole or known.seal_hash is None or sha256(source.read(source.size - size, size)) != known.seal_hash:
            raise Failure("seal-not-in-ledger", "what is at its end is not the seal that the ledger holds")

    # 8. Files

    def _check_files(self) -> None:
        listed = {"manifest.json", "manifest.sig"}
        for name, size, digest in self.manifest.files:
            listed.add(name)
            entry = self.entries.get(name)
            if entry is None:
                self.verdict.fail("file-missing", "only the manifest has it", file=name[:100])
            elif entry.size != size or self._hash(entry) != digest:
                self.verdict.fail("file-changed", f"it has {entry.size} bytes", file=name)
        for name in self.entries:
            if name not in listed:
                self.verdict.fail("file-unlisted", "the manifest does not have it", file=name)

    def _hash(self, entry: Entry) -> bytes:
        digest = hashlib.sha256()
        for at in range(0, entry.size, MIB):
            digest.update(self.source.read(entry.offset + at, min(MIB, entry.size - at)))
        return digest.digest()

    def _tell_what_is_not_proved(self) -> None:
        told = self.verdict.not_proved
        told += NOT_PROVED
        if self.what.kind != "target":
            told.append(NOT_PROVED_OF_A_WINDOW)
        if any(at["content"] == "not-opened" and at["recording"] == "sound" for at in self.verdict.session_list):
            told.append(NOT_PROVED_CLOSED)
        self.verdict.attempts_since_kept = self.kept_size() is not None and self.last_attempt >= self.kept_size()


def statement(verdict: BundleVerdict) -> str:
    """The strongest sentence that a bundle which holds proves."""
    what, first, last, since = verdict.subject, verdict.first, verdict.last, verdict.since
    count = f"{verdict.attempts} attempts and {verdict.sessions} sessions"
    text = f"Between checkpoints A (size {first.size}) and B (size {last.size}) the ledger holds "
    if what.kind == "target":
        names = ", ".join(printable(name) for name in verdict.names)
        text += f"exactly {count} on {names} from {time_of(what.from_us)} to {time_of(what.to_us)}"
    else:
        text += f"at least {count} of window {what.window}"
    if verdict.wordless:
        text += f"; of {verdict.wordless} of them the words are gone by retention"
    text += "; none was removed or changed since "
    if since is None:
        text += "checkpoint B was signed."
    elif not verdict.attempts_since_kept:
        text += f"the holder received checkpoint C (size {since.size})."
    else:
        text += f"the holder received checkpoint C (size {since.size}), but for those numbered {since.size} and up, "
        text += "since checkpoint B was signed."
    if what.kind != "target":
        text += f" {sum(verdict.not_disclosed.values())} other facts about its targets are not disclosed."
    return text


# ---------------------------------------------------------------------------------------------------------------------
# In words, and the command
# ---------------------------------------------------------------------------------------------------------------------


COVERAGE_WORDS = {
    "captured": "everything that passed was captured",
    "output-only": "output was captured, input was not",
    "flow-only": "bytes were kept that are encrypted inside",
    "refused": "it was refused, so nothing passed",
}
OUTCOME_WORDS = {
    "session-sealed": "ended and sealed",
    "session-recovered": "sealed after a crash, as found",
    "session-never-started": "never started",
    "session-lost": "its gate never came back",
}
ATTEMPT_WORDS = {
    "attempt-failed": "failed",
    "attempt-refused": "refused",
    "session-admitted": "admitted",
}
RECORDING_WORDS = {
    "sound": "the recording is sound: every byte is as it was sealed, and the ledger holds that seal",
    "unsound": "THE RECORDING IS NOT SOUND",
    "missing": "THE RECORDING IS MISSING",
    "deleted": "the recording was deleted when its time to be kept was over",
    "none": "there is no recording",
}
LISTED_IN_WORDS = 1_000


def in_words(verdict: Verdict) -> str:
    """The verdict for a reader who knows neither hashes nor formats."""
    lines = []
    if verdict.session:
        lines += [f"Recording of session {verdict.session}", f"Started {verdict.started}", ""]
    if verdict.failure is not None:
        place = f"byte {verdict.offset}" + (f", block {verdict.block}" if verdict.block is not None else "")
        lines.append(f"NOT SOUND: {verdict.failure}: {FAILURES[verdict.failure]}.")
        lines.append(f"First bad place: {place} ({printable(verdict.detail)}).")
        until = f", until {verdict.sound_until}" if verdict.sound_until else ""
        lines.append(f"Sound before it: {verdict.sound_blocks} blocks, {verdict.sound_bytes} bytes{until}.")
        return "\n".join(lines)
    lines.append("SOUND. Every byte is as it was sealed: nothing was changed, removed, added, repeated or moved.")
    how = (
        "when the session ended"
        if verdict.state == "sealed"
        else "after a crash, as found: the last bytes may be missing"
    )
    lines.append(f"Sealed by {verdict.sealed_by} at {verdict.sealed_at}, {how}.")
    lines.append(f"Reason: {printable(verdict.reason)}. {verdict.sound_blocks} blocks, {verdict.sound_bytes} bytes.")
    if verdict.recovery is not None:
        lines += _recovery_in_words(verdict.recovery)
    for entry in verdict.channels:
        why = f" ({printable(entry['why'])})" if entry["why"] else ""
        lines.append(f"Coverage of channel {entry['channel']}: {COVERAGE_WORDS[entry['coverage']]}{why}.")
    lines.append("Order and completeness up to the seal are proved.")
    if verdict.content == "not-opened":
        lines.append("The content was not opened, since no identity was given.")
    else:
        typed = "typed input too" if verdict.content == "all-opened" else "except for typed input, which stays masked"
        compared = "is what the seal counts" if verdict.state == "sealed" else "reads; a recovered seal counts nothing"
        lines.append(f"The content was opened, {typed}, and {compared}.")
    if verdict.ledger_asked:
        lines.append("The ledger holds this seal, and its checkpoints agree with the blocks.")
    else:
        lines.append(
            "The ledger was not asked: without it nobody can tell whether the holder of the seal key cut the end "
            "and sealed again, or whether there are other recordings."
        )
    return "\n".join(lines)


def _recovery_in_words(recovery: dict[str, Any]) -> list[str]:
    lines = [
        f"Recovery took over {recovery['frames']} frames and left {recovery['left_bytes']} bytes out, whose "
        f"SHA-256 is {recovery['left_sha256']}."
    ]
    if recovery["checkpoint"] is None:
        lines.append("The ledger had no checkpoint of it.")
    elif recovery["reaches_checkpoint"]:
        lines.append(f"It is not older than the ledger's checkpoint of block {recovery['checkpoint'][0]}.")
    else:
        lines.append(
            f"It does NOT reach the ledger's checkpoint of block {recovery['checkpoint'][0]}: blocks are missing."
        )
    return lines


def bundle_in_words(verdict: BundleVerdict) -> str:
    """The verdict on a bundle, first for a lawyer, then what it rests on."""
    lines = []
    if verdict.subject is not None:
        lines += _subject_in_words(verdict) + [""]
    if verdict.holds:
        lines.append("THIS BUNDLE HOLDS.")
        lines.append(verdict.statement or "")
    else:
        first, count = verdict.failures[0], len(verdict.failures) + verdict.more_failures
        lines.append(f"THIS BUNDLE DOES NOT HOLD: {BUNDLE_FAILURES[first.name]}{_place(first)}.")
        lines.append(f"It proves nothing as a whole. What is wrong ({count}) is told below, under Failures.")
    for title, part in (
        ("Attempts", _attempts_in_words(verdict)),
        ("Sessions", _sessions_in_words(verdict)),
        ("Gaps, which are no failures", _gaps_in_words(verdict)),
        ("Failures", _failures_in_words(verdict)),
        ("In the ledger about these targets, and not disclosed here", _undisclosed_in_words(verdict)),
        ("What is not proved", [f"  {text}" for text in verdict.not_proved]),
    ):
        if part:
            lines += ["", f"{title}:", *part]
    return "\n".join(lines)


def _subject_in_words(verdict: BundleVerdict) -> list[str]:
    what, names = verdict.subject, ", ".join(printable(name) for name in verdict.names)
    about = {
        "target": f"all that concerned {names} from {time_of(what.from_us)} to {time_of(what.to_us)}",
        "window": f"window {what.window} on {names}",
        "session": f"session {what.session} in window {what.window} on {names}",
    }[what.kind]
    return [f"Evidence bundle: {about}.", f"Made {printable(verdict.made)}."]


def _place(failure: BundleFailure) -> str:
    places = [f"fact {failure.number}" if failure.number is not None else "", printable(failure.file)]
    places += [f"session {printable(failure.session)}" if failure.session else ""]
    text = ", ".join(place for place in places if place)
    return f" ({text})" if text else ""


def _failures_in_words(verdict: BundleVerdict) -> list[str]:
    lines = []
    for failure in verdict.failures:
        why = f" [{failure.failure}: {FAILURES[failure.failure]}]" if failure.failure else ""
        words = BUNDLE_FAILURES[failure.name]
        lines.append(f"  {failure.name}{_place(failure)}: {words}{why}. {printable(failure.detail)}.")
    if verdict.more_failures:
        lines.append(f"  and {verdict.more_failures} more that are not listed.")
    return lines


def _attempts_in_words(verdict: BundleVerdict) -> list[str]:
    lines = []
    for at in verdict.attempt_list[:LISTED_IN_WORDS]:
        who = f" by {printable(at['person'])}" if at["person"] else ""
        session = f", session {printable(at['session'])}" if at["session"] else ""
        reason = f": {printable(at['reason'])}" if at["reason"] else ""
        lines.append(f"  {at['number']} at {at['at']}, {ATTEMPT_WORDS[at['kind']]}{who}{session}{reason}")
    if verdict.attempts > len(lines):
        lines.append(f"  and {verdict.attempts - len(lines)} more; --json lists up to {ATTEMPTS_LISTED}.")
    return lines


def _sessions_in_words(verdict: BundleVerdict) -> list[str]:
    lines = []
    for at in verdict.session_list[:LISTED_IN_WORDS]:
        until = f" until {at['ended']}" if at["ended"] else ""
        reason = f" ({printable(at['end_reason'])})" if at["end_reason"] else ""
        outcome = OUTCOME_WORDS.get(at["outcome"], "no end is known")
        lines.append(f"  {printable(at['session']) or 'unknown, since its content was deleted'}")
        lines.append(f"    from {at['began']}{until}, {outcome}{reason}")
        opened = "opened, and it is what was sealed" if at["content"] == "opened" else "not opened"
        content = f"; its content was {opened}" if at["recording"] == "sound" else ""
        lines.append(f"    {RECORDING_WORDS[at['recording']]}{content}")
        if at["coverage"]:
            lines.append(f"    coverage: {COVERAGE_WORDS[at['coverage']]}")
        elif at["recording"] == "sound" and at["outcome"] == "session-sealed":
            lines.append("    coverage: no channel was opened")
        elif at["recording"] == "sound":
            lines.append("    coverage: unknown; it was sealed after a crash, as found")
    if len(verdict.session_list) > LISTED_IN_WORDS:
        lines.append(f"  and {len(verdict.session_list) - LISTED_IN_WORDS} more, which --json lists.")
    return lines


def _gaps_in_words(verdict: BundleVerdict) -> list[str]:
    lines = []
    for gap in verdict.gaps[:LISTED_IN_WORDS]:
        concerns = f" fact {gap['number']}" if gap["number"] else ""
        concerns += f" session {printable(gap['session'])}" if gap["session"] else ""
        lines.append(f"  {gap['name']}{concerns}: {BUNDLE_GAPS[gap['name']]}")
    more = len(verdict.gaps) + verdict.more_gaps - len(lines)
    return lines + ([f"  and {more} more."] if more else [])


def _undisclosed_in_words(verdict: BundleVerdict) -> list[str]:
    return [f"  {count} × {printable(kind)}" for kind, count in sorted(verdict.not_disclosed.items())]


def printable(text: Optional[str]) -> str:
    """Text out of the file, without anything that could steer a terminal or turn the reading direction."""
    return "".join(letter if letter.isprintable() else "?" for letter in text or "")


def is_bundle(path: str) -> bool:
    """Whether the file is to be judged as a bundle: it begins with a header of tar, damaged or not."""
    try:
        with Source(path).file as file:
            raw = file.read(TAR_BLOCK)
    except (Failure, OSError):
        return False
    name = raw[:100].split(b"\0")[0].decode("ascii", "replace")
    return raw[257:262] == b"ustar" or entry_bound(name) is not None


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        description="Verifies a Chaperone recording, or a bundle of evidence.",
        epilog="exit status: 0 sound (a bundle: holds), 1 not, 2 wrong usage",
    )
    parser.add_argument("file", metavar="RECORDING-OR-BUNDLE")
    parser.add_argument(
        "--key",
        action="append",
        required=True,
        metavar="PUBLIC-KEY",
        help="a trusted Ed25519 key (of a bundle: the ledger's), or a file with one; may be repeated",
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="a checkpoint of the ledger that you kept; the bundle is compared with it"
    )
    parser.add_argument(
        "--identity",
        action="append",
        default=[],
        metavar="FILE",
        help="a file with age identities that open the content; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    options = parser.parse_args(arguments)
    try:
        keys = [read_named_key(text) for text in options.key]
    except (ValueError, OSError) as cause:
        parser.error(f"--key: {cause}")
    identities: list[X25519PrivateKey] = []
    for path in options.identity:
        try:
            with open(path, "r", encoding="utf-8") as file:
                identities += parse_identities(file.read(1 << 20))
        except (ValueError, OSError) as cause:
            parser.error(f"--identity {path}: {cause}")
    bundle, kept = is_bundle(options.file), None
    if options.checkpoint is not None and not bundle:
        parser.error("--checkpoint: the file is not a bundle")
    if options.checkpoint is not None:
        try:
            with open(options.checkpoint, "rb") as file:
                kept = file.read(MIB + 1)
            parse_checkpoint(parse_note(kept).text)
        except (ValueError, OSError) as cause:
            parser.error(f"--checkpoint: {cause}")
    try:
        if bundle:
            found = verify_bundle(options.file, keys, kept, identities)
            print(json.dumps(found.as_json(), indent=2) if options.json else bundle_in_words(found))
            return 0 if found.holds else 1
        verdict = verify_recording(options.file, [key for _, key in keys], identities)
    except MissingPackage as cause:
        sys.stderr.write(f"chaperone_verify cannot check this: {cause}\n")
        return 2
    print(json.dumps(verdict.as_json(), indent=2) if options.json else in_words(verdict))
    return 0 if verdict.sound else 1


if __name__ == "__main__":
    sys.exit(main())
