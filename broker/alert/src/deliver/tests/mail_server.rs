//! A small mail server: takes letters, by STARTTLS or TLS or in the clear, and refuses whom it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// One letter, as it was taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub to: String,
    /// Headers and body, lines ended by `\n`.
    pub text: String,
    pub encrypted: bool,
    pub login: Option<String>,
}

impl Taken {
    /// The values of a header, folded lines joined.
    pub(super) fn headers(&self, name: &str) -> Vec<String> {
        let head = self.text.split("\n\n").next().unwrap().replace("\n ", " ").replace("\n\t", " ");
        let prefix = format!("{}:", name.to_lowercase());
        let of = |line: &str| {
            line.to_lowercase().starts_with(&prefix).then(|| line[prefix.len()..].trim().to_owned())
        };
        head.lines().filter_map(of).collect()
    }
}

/// How connections are secured.
#[derive(Clone)]
pub(super) enum Kind {
    Clear,
    StartTls(Arc<ServerConfig>),
    Whole(Arc<ServerConfig>),
}

/// A mail server. Dropping it closes its port.
pub(super) struct MailServer {
    pub address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
    task: tokio::task::JoinHandle<()>,
}

impl MailServer {
    /// `answers` are given to recipients whose address begins so, instead of 250.
    pub(super) async fn listen(kind: Kind, answers: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kind, kept) = (kind.clone(), Arc::clone(&kept));
                // A client that does not take us, or breaks off, has sent nothing.
                tokio::spawn(async move { drop(serve(stream, kind, answers, &kept).await) });
            }
        });
        Self { address, taken, task }
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Answers = &'static [(&'static str, &'static str)];

async fn serve(
    stream: TcpStream,
    kind: Kind,
    answers: Answers,
    kept: &Mutex<Vec<Taken>>,
) -> std::io::Result<()> {
    match kind {
        Kind::Clear => talk(stream, "", false, true, answers, kept).await.map(drop),
        Kind::Whole(config) => {
            let stream = TlsAcceptor::from(config).accept(stream).await?;
            talk(stream, "", true, true, answers, kept).await.map(drop)
        }
        Kind::StartTls(config) => {
            let upgrade = talk(stream, "250-STARTTLS\r\n", false, true, answers, kept).await?;
            let Some(stream) = upgrade else { return Ok(()) };
            let stream = TlsAcceptor::from(config).accept(stream).await?;
            talk(stream, "", true, false, answers, kept).await.map(drop)
        }
    }
}

/// One conversation; gives the stream back when the client asks for TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    offers: &str,
    encrypted: bool,
    greets: bool,
    answers: Answers,
    kept: &Mutex<Vec<Taken>>,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    if greets {
        stream.write_all(b"220 mail.example ready\r\n").await?;
    }
    let (mut to, mut login) = (String::new(), None);
    loop {
        stream.flush().await?;
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match word.as_str() {
            "EHLO" => format!("250-mail.example\r\n{offers}250-AUTH PLAIN LOGIN\r\n250 8BITMIME"),
            "STARTTLS" => {
                stream.write_all(b"220 go ahead\r\n").await?;
                stream.flush().await?;
                return Ok(Some(stream.into_inner()));
            }
            "AUTH" if line.ends_with("AGdhdGUAc2VjcmV0") => {
                login = Some("gate".to_owned());
                "235 welcome".to_owned()
            }
            "AUTH" => "535 5.7.8 no".to_owned(),
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let told = answers.iter().find(|(prefix, _)| to.starts_with(prefix));
                told.map_or("250 ok", |(_, answer)| answer).to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                stream.flush().await?;
                let text = data(&mut stream).await?;
                let letter = Taken { to: to.clone(), text, encrypted, login: login.clone() };
                kept.lock().unwrap().push(letter);
                "250 taken".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn data(stream: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        assert!(line.ends_with("\r\n"), "a bare line feed: {line:?}");
        match line.trim_end_matches("\r\n") {
            "." => return Ok(text),
            line => text.push_str(line.strip_prefix('.').unwrap_or(line)),
        }
        text.push('\n');
    }
}
