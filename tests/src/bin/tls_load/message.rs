//! As much of HTTP/1.1 (RFC 9112) as both ends need: a head, and a body whose length it states or that comes in chunks.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// A request's or an answer's head.
pub struct Head {
    /// The request line or the status line.
    pub first: String,
    body: Body,
}

#[derive(Clone, Copy)]
enum Body {
    Of(u64),
    Chunks,
}

impl Head {
    /// The next head; `None` where the other side has closed before it.
    pub async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> Option<Self> {
        let first = line(from).await?;
        let mut body = Body::Of(0);
        loop {
            let field = line(from).await.expect("a head ends with an empty line");
            let Some((name, value)) = field.split_once(':') else { break };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => body = Body::Of(value.parse().expect("a length is a number")),
                "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => body = Body::Chunks,
                _ => {}
            }
        }
        Some(Self { first, body })
    }

    /// Reads the body and throws it away: how many bytes it had.
    pub async fn drain(&self, from: &mut (impl AsyncBufRead + Unpin)) -> u64 {
        match self.body {
            Body::Of(bytes) => {
                skip(from, bytes).await;
                bytes
            }
            Body::Chunks => {
                let mut all = 0;
                loop {
                    let size = line(from).await.expect("a chunk begins with its size");
                    let size = size.split(';').next().unwrap_or_default();
                    let size = u64::from_str_radix(size, 16).expect("a chunk's size is hexadecimal");
                    skip(from, size).await;
                    all += size;
                    assert!(line(from).await.is_some_and(|end| end.is_empty()), "a chunk ends with its line");
                    if size == 0 {
                        return all;
                    }
                }
            }
        }
    }
}

async fn skip(from: &mut (impl AsyncBufRead + Unpin), bytes: u64) {
    let mut body = from.take(bytes);
    loop {
        let here = body.fill_buf().await.expect("the body can be read").len();
        if here == 0 {
            break;
        }
        body.consume(here);
    }
    assert_eq!(body.limit(), 0, "the body is whole");
}

async fn line(from: &mut (impl AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = String::new();
    let read = from.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}
