//! ICAP (RFC 3507): the file is shown to a scanner as the body of an HTTP response (RESPMOD), or of a request (REQMOD) where
//! the service takes nothing else. `204` is clean; a page in its place, or `403`, is what was found; the same bytes back are
//! clean as well.
//!
//! ```text
//!   OPTIONS ▶  ◀ 200: Methods, Preview, ISTag        RESPMOD + preview ▶  ◀ 204 | 200 | 100 Continue
//!                                                    the rest ▶           ◀ 204 | 200 | 403
//! ```

mod answer;

use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

use self::answer::{Head, Reader};
use super::{CONNECT, Content, ScanError, Verdict, bare, named, plain, within};

/// The most that is shown of a file before the scanner asks for the rest.
const PREVIEW_BYTES: u64 = 4096;
/// How long a scanner may take over a question about itself.
const OPTIONS: Duration = Duration::from_secs(10);
/// Who the encapsulated message is for; nobody has this name (RFC 6761).
const HOST: &str = "upload.invalid";

/// A service of an ICAP server.
pub(super) struct Service<'a> {
    pub host: &'a str,
    pub port: u16,
    pub name: &'a str,
}

/// What a service says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    respmod: bool,
    preview: Option<u64>,
    described: String,
}

impl Service<'_> {
    fn url(&self) -> String {
        format!("icap://{}:{}/{}", self.host, self.port, self.name)
    }

    async fn connect(&self) -> Result<(Reader, OwnedWriteHalf), ScanError> {
        let stream = within(CONNECT, TcpStream::connect((bare(self.host), self.port))).await?;
        let (read, write) = stream.into_split();
        Ok((Reader(BufReader::new(read)), write))
    }

    async fn options(&self) -> Result<Options, ScanError> {
        let (mut read, mut write) = self.connect().await?;
        let asked = format!(
            "OPTIONS {} ICAP/1.0\r\nHost: {}\r\nUser-Agent: chaperone\r\nEncapsulated: null-body=0\r\n\r\n",
            self.url(),
            self.host
        );
        let answered = async {
            write.write_all(asked.as_bytes()).await.map_err(ScanError::Unreachable)?;
            read.head().await
        };
        let head = tokio::time::timeout(OPTIONS, answered).await.unwrap_or(Err(ScanError::Slow(OPTIONS)))?;
        Options::of(&head)
    }
}

impl Options {
    fn of(head: &Head) -> Result<Self, ScanError> {
        if head.status != 200 {
            return Err(ScanError::Answer(format!("status {} to OPTIONS", head.status)));
        }
        let methods = head.field("methods").unwrap_or_default().to_ascii_uppercase();
        let offers = |method| methods.split(',').any(|offered| offered.trim() == method);
        if !offers("RESPMOD") && !offers("REQMOD") {
            return Err(ScanError::Answer("the service takes neither RESPMOD nor REQMOD".to_owned()));
        }
        let preview = head.field("preview").and_then(|bytes| bytes.trim().parse::<u64>().ok());
        let tag = head.field("istag").unwrap_or_default().trim_matches('"');
        let service = head.field("service").unwrap_or("ICAP");
        Ok(Self {
            respmod: offers("RESPMOD"),
            preview: preview.map(|bytes| bytes.min(PREVIEW_BYTES)),
            described: plain(format!("{service} ISTag {tag}").as_bytes()),
        })
    }
}

/// Asks about a file; the second value is the service's name with its ISTag, which changes with its signatures (§4.7).
pub(super) async fn scan(service: &Service<'_>, content: Content) -> Result<(Verdict, String), ScanError> {
    let options = service.options().await?;
    let (mut read, mut write) = service.connect().await?;
    let whole = Whole { size_bytes: content.size_bytes, sha256: content.sha256.clone() };
    let mut asking = Asking::begin(service, &options, content, &mut write).await?;
    let mut head = None;
    if options.preview.is_some() {
        let first = read.head().await?;
        if first.status != 100 {
            head = Some(first);
        }
    }
    let verdict = match head {
        Some(head) => told(&mut read, &head, &whole).await?,
        None => {
            let answered = async {
                let head = read.head().await?;
                told(&mut read, &head, &whole).await
            };
            let sending = asking.finish(&mut write);
            tokio::pin!(answered, sending);
            let mut sent = false;
            loop {
                tokio::select! {
                    biased;
                    verdict = &mut answered => break verdict?,
                    done = &mut sending, if !sent => match done {
                        // One that takes no more may have said why already.
                        Ok(()) | Err(ScanError::Unreachable(_)) => sent = true,
                        Err(error) => return Err(error),
                    },
                }
            }
        }
    };
    Ok((verdict, options.described))
}

/// The file as it was sent.
struct Whole {
    size_bytes: u64,
    sha256: String,
}

/// What an answer says (§4.8, and the fields that scanners add). The same bytes back are the file, unchanged.
async fn told(read: &mut Reader, head: &Head, whole: &Whole) -> Result<Verdict, ScanError> {
    if let Some(threat) = head.threat() {
        return Ok(named(threat.as_bytes()));
    }
    match head.status {
        204 => Ok(Verdict::Clean),
        403 => Ok(named(b"")),
        413 => Err(ScanError::TooBig),
        200 => {
            let inner = read.encapsulated(head).await?;
            if inner.forbids() {
                return Ok(named(inner.threat().unwrap_or_default().as_bytes()));
            }
            let (size_bytes, sha256) = read.body(whole.size_bytes).await?;
            let same = size_bytes == whole.size_bytes && sha256 == whole.sha256;
            Ok(if same { Verdict::Clean } else { named(b"something that the scanner cut out") })
        }
        status => Err(ScanError::Answer(format!("status {status}"))),
    }
}

/// A request under way.
struct Asking {
    content: Content,
    /// What was read of the content and not shown yet.
    left: bytes::Bytes,
    /// Whether the preview was the whole file.
    whole: bool,
}

impl Asking {
    /// Sends the head, and the preview where the service wants one.
    async fn begin(
        service: &Service<'_>,
        options: &Options,
        content: Content,
        write: &mut OwnedWriteHalf,
    ) -> Result<Self, ScanError> {
        let preview = options.preview.map(|bytes| bytes.min(content.size_bytes));
        let head = request(service, options, &content, preview);
        write.write_all(&head).await.map_err(ScanError::Unreachable)?;
        let mut asking = Self { content, left: bytes::Bytes::new(), whole: false };
        let Some(bytes) = preview else { return Ok(asking) };
        let mut shown = Vec::new();
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        while shown.len() < bytes {
            let Some(mut chunk) = asking.content.chunks.next().await.map_err(ScanError::Content)? else {
                break;
            };
            let first = chunk.split_to(chunk.len().min(bytes - shown.len()));
            shown.extend_from_slice(&first);
            asking.left = chunk;
        }
        asking.whole = u64::try_from(bytes).is_ok_and(|bytes| bytes == asking.content.size_bytes);
        chunk(write, &shown).await?;
        // `ieof`: there is no more than the preview (§4.5).
        let end: &[u8] = if asking.whole { b"0; ieof\r\n\r\n" } else { b"0\r\n\r\n" };
        write.write_all(end).await.map_err(ScanError::Unreachable)?;
        Ok(asking)
    }

    /// Sends the rest.
    async fn finish(&mut self, write: &mut OwnedWriteHalf) -> Result<(), ScanError> {
        if self.whole {
            return Ok(());
        }
        chunk(write, &std::mem::take(&mut self.left)).await?;
        while let Some(bytes) = self.content.chunks.next().await.map_err(ScanError::Content)? {
            chunk(write, &bytes).await?;
        }
        write.write_all(b"0\r\n\r\n").await.map_err(ScanError::Unreachable)
    }
}

async fn chunk(write: &mut OwnedWriteHalf, bytes: &[u8]) -> Result<(), ScanError> {
    if bytes.is_empty() {
        return Ok(());
    }
    let head = format!("{:x}\r\n", bytes.len());
    for part in [head.as_bytes(), bytes, b"\r\n"] {
        write.write_all(part).await.map_err(ScanError::Unreachable)?;
    }
    Ok(())
}

/// The ICAP head with the heads of the HTTP messages that it encapsulates (§4.4).
fn request(service: &Service<'_>, options: &Options, content: &Content, preview: Option<u64>) -> Vec<u8> {
    let path: String = content.name.bytes().map(percent).collect();
    let about =
        format!("Content-Type: application/octet-stream\r\nContent-Length: {}\r\n", content.size_bytes);
    let (method, asked, answered) = if options.respmod {
        let asked = format!("GET http://{HOST}/{path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        ("RESPMOD", asked, format!("HTTP/1.1 200 OK\r\n{about}\r\n"))
    } else {
        ("REQMOD", format!("PUT http://{HOST}/{path} HTTP/1.1\r\nHost: {HOST}\r\n{about}\r\n"), String::new())
    };
    let at = asked.len();
    let encapsulated = if options.respmod {
        format!("req-hdr=0, res-hdr={at}, res-body={}", at + answered.len())
    } else {
        format!("req-hdr=0, req-body={at}")
    };
    let preview = preview.map(|bytes| format!("Preview: {bytes}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} {} ICAP/1.0\r\nHost: {}\r\nUser-Agent: chaperone\r\nAllow: 204\r\n{preview}Connection: close\r\n\
         Encapsulated: {encapsulated}\r\n\r\n",
        service.url(),
        service.host
    );
    [head, asked, answered].concat().into_bytes()
}

/// A byte of a name, as a path may have it (RFC 3986 §2.1).
fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}
