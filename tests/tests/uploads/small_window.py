"""A server with a small window that stops reading in the middle of a file: small_window.py HOST_KEY SFTP_SERVER

Its files are OpenSSH's sftp-server's. Says on its standard output what it does, a word and a number a line: `listens PORT`,
`holds BYTES` once it has stopped and nothing more comes, and `has BYTES` some seconds after it was told to go on by a line on
its standard input: so much has come by then.
"""
import socket
import subprocess
import sys
import threading
import time

import paramiko

WINDOW, STOPS_AT, QUIET_S = 8192, 20_000, 2
GOES_ON = threading.Event()


def says(word, number):
    print(word, number, flush=True)


class Server(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username):
        return 'password'

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        # Behind the answer.
        threading.Timer(0.5, channel.sendall, [b'in\n']).start()
        return True

    def check_channel_subsystem_request(self, channel, name):
        files = subprocess.Popen([sys.argv[2]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=takes, args=(channel, files.stdin), daemon=True).start()
        threading.Thread(target=answers, args=(channel, files.stdout), daemon=True).start()
        return True


def takes(channel, to):
    taken = 0
    while True:
        if taken >= STOPS_AT and not GOES_ON.is_set():
            says('holds', settles(lambda: taken + len(channel.in_buffer)))
            sys.stdin.readline()
            GOES_ON.set()
            threading.Thread(target=lambda: (time.sleep(QUIET_S), says('has', taken)), daemon=True).start()
        piece = channel.recv(4096)
        taken += len(piece)
        if not piece:
            return to.close()
        to.write(piece)
        to.flush()


def settles(count):
    """A count that has stayed the same for a second."""
    last, since = count(), time.monotonic()
    while time.monotonic() < since + 1:
        time.sleep(0.05)
        if count() != last:
            last, since = count(), time.monotonic()
    return last


def answers(channel, come):
    while piece := come.read1(4096):
        channel.sendall(piece)


def serves(stream, key):
    transport = paramiko.Transport(stream, default_window_size=WINDOW)
    transport.add_server_key(key)
    transport.start_server(server=Server())
    kept = []
    while transport.is_active():
        kept.append(transport.accept(1))


def main():
    key = paramiko.Ed25519Key.from_private_key_file(sys.argv[1])
    listener = socket.create_server(('127.0.0.1', 0))
    says('listens', listener.getsockname()[1])
    while True:
        threading.Thread(target=serves, args=(listener.accept()[0], key), daemon=True).start()


main()
