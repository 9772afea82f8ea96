//! A small HTTP/1.1 server behind the console's nginx, which says and hears what nginx alone does not: piece by piece.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// A request's head, and the connection with its body.
pub struct Asked {
    /// The head, as it came.
    pub head: String,
    /// What follows, and where the answer goes.
    pub stream: TcpStream,
}

impl Asked {
    /// A field's value.
    pub fn field(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Answers each connection once, until the scenario ends.
pub fn behind(answers: impl Fn(Asked) -> io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let answers = Arc::new(answers);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte)?;
                    head.push(byte[0]);
                }
                // A client that has gone hears nothing more.
                answers(Asked { head: String::from_utf8_lossy(&head).into_owned(), stream })
            });
        }
    });
    at
}

/// The console's lines that pass a path on to it as it comes, and back as it comes.
pub fn passes_on(path: &str, to: SocketAddr) -> String {
    format!(
        "location = {path} {{ proxy_pass http://{to}; proxy_http_version 1.1; proxy_set_header Connection \"\"; \
         proxy_buffering off; proxy_request_buffering off; proxy_read_timeout 600s; proxy_send_timeout 600s; }}\n"
    )
}
