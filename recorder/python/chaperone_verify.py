#!/usr/bin/env python3
"""An independent verifier for Chaperone recordings and for the ledger that names them.

What it is. Chaperone records the sessions of service technicians on medical servers. A recording is one file, written
by a gate while the session runs. This program was written from the published description of that file
(`recorder/README.md`, "Recordings: the evidence format, version 1") and shares no code with the program that writes
it. The parts below follow that description, and use its names.

What it proves. If it says SOUND: every byte of the file is as the holder of the given key sealed it; no block was
changed, removed, added, repeated or moved; nothing follows the seal. With an evidence identity it also proves that
the content opens with the very key that the file committed to at its start, and that it is what the seal counts.

What it does not prove. Without an identity the content stays closed. Without the ledger a recording whose end was cut
and sealed again by the holder of the seal key cannot be told from the whole one. Nothing here shows that every session
was recorded; that is what the ledger's numbered facts are for. Each verdict says which of this applies to it.

How to run it. Python 3.9 or newer, with the package `cryptography`, and with `zstandard` (0.19 or newer; Python 3.14
has its own) where compressed content is opened. It needs no network, and writes no file.

    python3 chaperone_verify.py RECORDING --key PUBLIC-KEY [--identity FILE]... [--json]

PUBLIC-KEY is an Ed25519 key that you trust, from a source other than the recording: base64 or hex of its 32 bytes, a
PEM public key, a verifier key (name+id+key), or a file that holds one of these. Give --key again for each further one.
FILE holds age X25519 identities (AGE-SECRET-KEY-1...), one a line. The exit status is 0 for sound, 1 for not sound,
and 2 for a wrong command or a missing package.

Version rule. This program knows version 1 and answers `unknown-version` to every other one; it never guesses. Event
kinds and JSON fields that it does not know are skipped; the signatures cover them all the same.
"""

from __future__ import annotations

import argparse
import base64
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
from typing import Any, BinaryIO, Iterable, Iterator, Optional, Sequence, Union

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
        return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    if re.fullmatch("[0-9a-fA-F]{64}", text):
        return bytes.fromhex(text)
    if text.count("+") >= 2 and len(text) > 44:
        return parse_verifier_key(text).key
    return from_base64(text, 32)


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
        body = b""
        while True:
            if at >= len(lines) or not re.fullmatch(rb"[A-Za-z0-9+/]{0,64}", lines[at]):
                raise ValueError("the body of an age recipient stanza is malformed")
            body += lines[at]
            at += 1
            if len(lines[at - 1]) < 64:
                break
        yield arguments, _age_base64(body)


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
            self.file.seek(offset)
            data = self.file.read(length)
        except OSError as cause:
            raise Failure("unreadable", str(cause), offset) from None
        if len(data) < length:
            raise Failure("unreadable", "the file became shorter while it was read", offset)
        return data


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


class Content:
    """The opened content: checks every section and record, and counts what the seal must have counted."""

    def __init__(self, header: Header, identities: Sequence[X25519PrivateKey]) -> None:
        """Opens the wrapped keys and compares them with their commitments. A closed input key masks what was typed."""
        self.keys: dict[str, bytes] = {}
        self.records = 0
        self.channels: set[int] = set()
        self.received: dict[tuple[int, int], int] = {}
        self.delivered: dict[tuple[int, int], int] = {}
        for name, info in header.keys.items():
            try:
                key = age_decrypt(info.wrapped, identities) if len(info.wrapped) <= WRAPPED_MAX else None
            except ValueError:
                key = None
            if key is None and name == "evidence":
                raise Failure("wrong-identity", "the evidence key stays closed to the given identities")
            if key is None:
                continue
            committed = sha256(KEY_LABEL, name.encode(), b"\n", header.session.bytes, key)
            if len(key) != 32 or committed != info.commitment:
                raise Failure("key-commitment-mismatch", f"the {name} key is another one")
            self.keys[name] = key

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
SEAL_JSON_MAX = 1_048_576
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
            _verify(source, set(keys), list(identities), ledger, verdict)
        verdict.sound = True
    except Failure as failure:
        verdict.failure, verdict.detail = failure.name, failure.detail
        verdict.offset, verdict.block = failure.offset, failure.block
    return verdict


def _verify(
    source: Source,
    trusted: set[bytes],
    identities: list[X25519PrivateKey],
    ledger: Optional[LedgerView],
    verdict: Verdict,
) -> None:
    """Each check in its order; the first that does not hold raises Failure. `verdict` says how far it came."""
    header = read_header(source)
    verdict.session, verdict.recording, verdict.started = str(header.session), header.c0, header.started
    verdict.ledger_asked = ledger is not None
    if header.seal_key not in trusted:
        key = base64.b64encode(header.seal_key).decode()
        raise Failure("wrong-key", f"the header is signed by {key}, which was not given as trusted")
    if ledger is not None and ledger.session != str(header.session):
        raise Failure("foreign-recording", f"the header names session {header.session}, not {ledger.session}")
    content = Content(header, identities) if identities else None
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
    if seal.seal_key not in trusted:
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
    return hmac.new(key, TAG_LABEL + number.to_bytes(8, "big"), hashlib.sha256).digest()[:16]


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


# --- Checkpoints: C2SP signed-note, tlog-checkpoint and tlog-proof ---------------------------------------------------


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


def open_note(note: bytes, key: VerifierKey) -> str:
    """The text of a signed note, if this key signed it. Raises ValueError. Signatures of other keys are ignored."""
    text = note.decode("utf-8")
    if re.search("[\x00-\x09\x0b-\x1f]", text):
        raise ValueError("a note holds control characters")
    body, gap, signatures = text.rpartition("\n\n")
    if not gap or not signatures.endswith("\n") or len(signatures) > 200_000:
        raise ValueError("a note has no signatures")
    body += "\n"
    verified = False
    for line in signatures[:-1].split("\n"):
        match = re.fullmatch(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)", line)
        if match is None:
            raise ValueError("a signature line of a note is malformed")
        signature = from_base64(match[2])
        if match[1] == key.name and signature[:4] == key.id:
            if not signed_by(key.key, signature[4:], body.encode("utf-8")):
                raise ValueError("the signature of a note is wrong")
            verified = True
    if not verified:
        raise ValueError("a note is not signed by the ledger's key")
    return body


@dataclass
class Checkpoint:
    origin: str
    size: int
    root: bytes


def open_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """A checkpoint that the ledger signed. Raises ValueError."""
    lines = open_note(note, key).split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise ValueError("a checkpoint has at least three lines, none of them empty")
    if lines[0] != key.name:
        raise ValueError("a checkpoint is of another ledger")
    return Checkpoint(lines[0], read_decimal(lines[1]), from_base64(lines[2], 32))


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
# In words, and the command
# ---------------------------------------------------------------------------------------------------------------------


COVERAGE_WORDS = {
    "captured": "everything that passed was captured",
    "output-only": "output was captured, input was not",
    "flow-only": "bytes were kept that are encrypted inside",
    "refused": "it was refused, so nothing passed",
}


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


def printable(text: Optional[str]) -> str:
    """Text out of the file, without anything that could steer a terminal or turn the reading direction."""
    return "".join(letter if letter.isprintable() else "?" for letter in text or "")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        description="Verifies a Chaperone recording.", epilog="exit status: 0 sound, 1 not sound, 2 wrong usage"
    )
    parser.add_argument("recording", metavar="RECORDING")
    parser.add_argument(
        "--key",
        action="append",
        required=True,
        metavar="PUBLIC-KEY",
        help="a trusted Ed25519 key, or a file with one; may be repeated",
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
        keys = [read_public_key(text) for text in options.key]
    except (ValueError, OSError) as cause:
        parser.error(f"--key: {cause}")
    identities: list[X25519PrivateKey] = []
    for path in options.identity:
        try:
            with open(path, "r", encoding="utf-8") as file:
                identities += parse_identities(file.read(1 << 20))
        except (ValueError, OSError) as cause:
            parser.error(f"--identity {path}: {cause}")
    try:
        verdict = verify_recording(options.recording, keys, identities)
    except MissingPackage as cause:
        sys.stderr.write(f"chaperone_verify cannot check this: {cause}\n")
        return 2
    print(json.dumps(verdict.as_json(), indent=2) if options.json else in_words(verdict))
    return 0 if verdict.sound else 1


if __name__ == "__main__":
    sys.exit(main())
