//! clamd's own protocol: `INSTREAM`, the bytes in chunks with their lengths before them, and one line back.
//!
//! ```text
//!   zINSTREAM\0  { length (4, big-endian) ‖ bytes }*  0 (4)        ◀  stream: OK\0 | stream: NAME FOUND\0 | … ERROR\0
//! ```

use std::io;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use super::{CONNECT, Content, ScanError, Verdict, bare, named, plain, within};

/// The longest answer.
const ANSWER_BYTES: u64 = 4096;

/// Where clamd listens.
pub(super) enum Place<'a> {
    Socket(&'a Path),
    Port(&'a str, u16),
}

trait Both: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

impl Place<'_> {
    async fn connect(&self) -> Result<Box<dyn Both>, ScanError> {
        Ok(match self {
            Self::Socket(path) => Box::new(within(CONNECT, UnixStream::connect(path)).await?),
            Self::Port(host, port) => {
                Box::new(within(CONNECT, TcpStream::connect((bare(host), *port))).await?)
            }
        })
    }
}

/// Asks about a file; the second value is clamd's version with that of its signatures.
pub(super) async fn scan(place: &Place<'_>, content: Content) -> Result<(Verdict, String), ScanError> {
    let mut stream = place.connect().await?;
    stream.write_all(b"zVERSION\0").await.map_err(ScanError::Unreachable)?;
    let version = plain(&read_answer(&mut stream).await?);
    let mut stream = place.connect().await?;
    let sent = send(&mut stream, content).await;
    // One that takes no more says why before it closes.
    let answered = match (sent, read_answer(&mut stream).await) {
        (Err(ScanError::Unreachable(error)), Ok(answer)) if answer.is_empty() => {
            return Err(ScanError::Unreachable(error));
        }
        (Err(ScanError::Unreachable(_)) | Ok(()), answer) => answer?,
        (Err(error), _) => return Err(error),
    };
    Ok((verdict(&answered)?, version))
}

async fn send(stream: &mut dyn Both, mut content: Content) -> Result<(), ScanError> {
    let write = |error: io::Error| ScanError::Unreachable(error);
    stream.write_all(b"zINSTREAM\0").await.map_err(write)?;
    while let Some(chunk) = content.chunks.next().await.map_err(ScanError::Content)? {
        // A chunk of no bytes would end the file.
        if chunk.is_empty() {
            continue;
        }
        let length = u32::try_from(chunk.len()).map_err(|_| ScanError::TooBig)?;
        stream.write_all(&length.to_be_bytes()).await.map_err(write)?;
        stream.write_all(&chunk).await.map_err(write)?;
    }
    stream.write_all(&0_u32.to_be_bytes()).await.map_err(write)?;
    stream.flush().await.map_err(write)
}

async fn read_answer(stream: &mut dyn Both) -> Result<Vec<u8>, ScanError> {
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer).await.map_err(ScanError::Unreachable)?;
    Ok(answer)
}

/// What one answer says: clean only where it is exactly that.
fn verdict(answer: &[u8]) -> Result<Verdict, ScanError> {
    let line = answer.strip_suffix(b"\0").or_else(|| answer.strip_suffix(b"\n")).unwrap_or(answer);
    if line == b"stream: OK" {
        return Ok(Verdict::Clean);
    }
    if let Some(found) = line.strip_prefix(b"stream: ").and_then(|rest| rest.strip_suffix(b" FOUND")) {
        return Ok(named(found));
    }
    let said = plain(line);
    Err(if said.contains("size limit exceeded") { ScanError::TooBig } else { ScanError::Answer(said) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_answers_of_clamd_are_understood() {
        assert_eq!(verdict(b"stream: OK\0").unwrap(), Verdict::Clean);
        let found = verdict(b"stream: Win.Test.EICAR_HDB-1 FOUND\0").unwrap();
        assert_eq!(found, Verdict::Found("Win.Test.EICAR_HDB-1".to_owned()));
        assert!(matches!(verdict(b"INSTREAM size limit exceeded. ERROR\0"), Err(ScanError::TooBig)));
        for nothing in
            [&b""[..], b"\0", b"stream: ", b"stream: OKAY\0", b"stream: OK FOUND OK", b"UNKNOWN COMMAND\0"]
        {
            assert!(matches!(verdict(nothing), Err(ScanError::Answer(_))), "{nothing:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_clamd_s_own_word_is_clean(answer in prop::collection::vec(any::<u8>(), 0..300)) {
            let exact = [&b"stream: OK"[..], b"stream: OK\0", b"stream: OK\n"].contains(&&*answer);
            prop_assert_eq!(matches!(verdict(&answer), Ok(Verdict::Clean)), exact);
        }

        #[test]
        fn a_name_is_plain_and_short_whatever_it_was(name in "[^\0]{0,400}") {
            let found = verdict(format!("stream: {name} FOUND\0").as_bytes()).unwrap();
            let Verdict::Found(kept) = found else { panic!("clean") };
            prop_assert!(!kept.is_empty() && kept.chars().count() <= 120 && !kept.chars().any(char::is_control));
        }
    }
}
