//! A web console: nginx over TLS, with pages, redirects, cookies, uploads and downloads, and a WebSocket behind it that
//! says everything twice.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::authority::Authority;
use crate::machine::program;
use crate::patience::soon;
use crate::port::free_port;
use crate::process::Process;
use crate::sockets::listens;

/// The name in the console's certificate, by which it knows itself.
pub const CONSOLE_NAME: &str = "console.pumps.internal";

/// The page that the console opens with. Its script asks for more, as consoles do.
const PAGE: &str = "<!doctype html><title>Pump console</title><h1>Pump console</h1><p id=said>waits</p>\
<script>fetch('/api/state').then(a => a.text()).then(t => { document.getElementById('said').textContent = t })\n\
const socket = new WebSocket('wss://' + location.host + '/echo'); socket.onopen = () => socket.send('ping')\n\
socket.onmessage = m => { document.title = 'echo ' + m.data }; socket.onclose = () => { document.title = 'closed' }\n\
</script>";

/// A running console.
pub struct Console {
    folder: PathBuf,
    port: u16,
    authority: Authority,
    process: Process,
}

impl Console {
    /// Starts one that speaks HTTP/1.1 and HTTP/2, with more lines for its server.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(folder: &Path, lines: &str) -> Self {
        Self::speaking(folder, "ssl http2", lines)
    }

    /// The same, that speaks HTTP/1.1 alone.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn of_http1(folder: &Path, lines: &str) -> Self {
        Self::speaking(folder, "ssl", lines)
    }

    /// The same, that speaks no TLS at all.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn in_clear(folder: &Path) -> Self {
        Self::speaking(folder, "", "")
    }

    fn speaking(folder: &Path, speaks: &str, lines: &str) -> Self {
        let folder = folder.join("console");
        for inside in ["files/uploads", "tmp"] {
            fs::create_dir_all(folder.join(inside)).expect("a folder for the console");
        }
        fs::write(folder.join("files/index.html"), PAGE).expect("the console's page");
        let authority = Authority::new(&folder, "maker");
        let issued = authority.issues(CONSOLE_NAME);
        let (port, echo) = (free_port(), echoes());
        let at = folder.display();
        let (certificate, key) = (issued.certificate.display(), issued.key.display());
        let text = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/errors;\n\
             events {{ worker_connections 512; }}\n\
             http {{\n\
               access_log {at}/log; client_max_body_size 0; client_body_temp_path {at}/tmp; proxy_temp_path {at}/tmp;\n\
               fastcgi_temp_path {at}/tmp; uwsgi_temp_path {at}/tmp; scgi_temp_path {at}/tmp; keepalive_timeout 30s;\n\
               types {{ text/html html; }} default_type application/octet-stream;\n\
               server {{\n\
                 listen 127.0.0.1:{port} {speaks}; server_name {CONSOLE_NAME};\n\
                 ssl_certificate {certificate}; ssl_certificate_key {key}; root {at}/files;\n\
                 location = /go {{ return 302 https://{CONSOLE_NAME}:{port}/landed; }}\n\
                 location = /landed {{ return 200 \"landed on $http_host\"; }}\n\
                 location = /api/state {{ return 200 \"12 pumps\"; }}\n\
                 location = /sign-in {{ add_header Set-Cookie \"sid=s1; Domain={CONSOLE_NAME}; Path=/; HttpOnly\"; return 200 in; }}\n\
                 location = /cookies {{ return 200 \"[$http_cookie]\"; }}\n\
                 location = /forwarded {{ return 200 \"[$http_x_forwarded_for|$http_forwarded|$http_origin]\"; }}\n\
                 location = /who {{ return 200 \"$http_authorization\" ; }}\n\
                 location = /echo {{ proxy_pass http://127.0.0.1:{echo}; proxy_http_version 1.1; proxy_read_timeout 600s;\n\
                   proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}\n\
                 location /uploads/ {{ dav_methods PUT; }}\n\
                 {lines}\n\
               }}\n\
             }}\n"
        );
        fs::write(folder.join("config"), text).expect("the console's configuration");
        let mut command = Command::new(program("nginx", "nginx"));
        command.arg("-p").arg(&folder).arg("-c").arg(folder.join("config"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = Process::start("nginx", &mut command);
        soon("the console to listen", || {
            assert!(
                process.is_running(),
                "{}",
                fs::read_to_string(folder.join("errors")).unwrap_or_default()
            );
            listens(port).then_some(())
        });
        Self { folder, port, authority, process }
    }

    /// Its address, as `target add --tls` takes it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The file with what vouches for its certificate.
    #[must_use]
    pub fn trust(&self) -> &Path {
        self.authority.certificate()
    }

    /// Where its files are.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// The requests that it has had, a line each.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Ends it, as a machine that loses power.
    pub fn falls(&mut self) {
        self.process.kill();
    }
}

/// A WebSocket server (RFC 6455) that sends each frame back; returns its port. It ends with the process.
fn echoes() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the echo");
    let port = listener.local_addr().expect("the echo's port").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || echo(stream));
        }
    });
    port
}

fn echo(mut stream: TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim().to_owned())
    })?;
    let whole = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, whole.as_bytes()));
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).ok()?;
    loop {
        // Short frames, as browsers send them: masked, of at most 125 bytes.
        let mut start = [0; 6];
        stream.read_exact(&mut start).ok()?;
        let len = usize::from(start[1] & 0x7f);
        let mut payload = vec![0; len];
        stream.read_exact(&mut payload).ok()?;
        for (n, byte) in payload.iter_mut().enumerate() {
            *byte ^= start[2 + n % 4];
        }
        stream.write_all(&[start[0], u8::try_from(len).ok()?]).ok()?;
        stream.write_all(&payload).ok()?;
    }
}
