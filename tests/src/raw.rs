//! A client that says on the wire what no stock client says, in Debian's Python over Paramiko: its script has a signed-in
//! `transport`, and prints one line for each thing that it saw.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::process::Process;
use crate::ssh::Technician;

const RUN_WITHIN: Duration = Duration::from_secs(60);

/// Words for scripts: raw channel requests with their answers, and a channel's output to its end.
const PRELUDE: &str = r#"
import socket, sys, time
import paramiko
from paramiko import common
from paramiko.message import Message

def message(kind, *parts):
    made = Message()
    made.add_byte(bytes([kind]))
    for part in parts:
        if isinstance(part, bool):
            made.add_boolean(part)
        elif isinstance(part, int):
            made.add_int(part)
        else:
            made.add_string(part)
    return made

def send(kind, *parts):
    transport._send_user_message(message(kind, *parts))

OPEN, DATA, EOF, CLOSE, REQUEST, GLOBAL = 90, 94, 96, 97, 98, 80

answers = []
def hear(name, kept):
    table = transport._channel_handler_table
    was = table[kept]
    def heard(channel, m):
        answers.append(name)
        # Paramiko closes a channel of which a request failed: here it goes on.
        return was(channel, m) if name == 'success' else None
    table[kept] = heard

def answer(before, within=20):
    until = time.time() + within
    while len(answers) <= before and time.time() < until:
        time.sleep(0.01)
    return answers[before] if len(answers) > before else 'no answer'

def ask(channel, kind, *parts):
    before = len(answers)
    send(REQUEST, channel.remote_chanid, kind, True, *parts)
    return answer(before)

def everything(channel):
    channel.settimeout(30)
    got = b''
    while True:
        part = channel.recv(65536)
        if not part:
            return got
        got += part

def say(*words):
    print(*words, flush=True)

sock = socket.create_connection(('127.0.0.1', PORT))
transport = paramiko.Transport(sock)
transport.start_client(timeout=30)
transport.auth_publickey(USER, paramiko.Ed25519Key.from_private_key_file(KEY))
hear('success', 99)
hear('failure', 100)
"#;

impl Technician {
    /// Runs a script as a client of the gate with any user name; returns the lines that it printed.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    #[must_use]
    pub fn raw(&self, user: &str, script: &str) -> Vec<String> {
        let head = format!(
            "PORT, USER, KEY = {}, {user:?}, {:?}\n",
            self.port,
            self.key.private.display().to_string()
        );
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-W", "ignore", "-c", &format!("{head}{PRELUDE}{script}")]).stdin(Stdio::null());
        command.env_remove("SSH_AUTH_SOCK");
        let ran = Process::run("a raw client", RUN_WITHIN, &mut command).succeeded();
        ran.text().lines().map(str::to_owned).collect()
    }
}
