//! The demo's cast and its windows.

use std::path::{Path, PathBuf};

use chaperone_web::wire::DemoView;
use serde_json::Value;

use super::console::{ACCOUNT, SERVER_NAME};
use super::error::{DemoError, trying};
use super::stage::{Stage, text};
use super::standin::Running;
use super::told::desk;

/// Who plays.
pub(super) struct Cast {
    /// Clinical engineering, signed in.
    pub priya: String,
    /// The SOC, signed in.
    pub sam: String,
    /// A technician's private key.
    pub dana: PathBuf,
    /// Another vendor's technician's private key.
    pub viktor: PathBuf,
    /// The same, signed in: the front page has no desk for him.
    pub viktor_token: String,
    /// The web console.
    pub console: Running,
}

/// A server of the demo, as its card has it.
pub(super) struct Server {
    /// What technicians call it.
    pub name: &'static str,
    site: &'static str,
    unit: &'static str,
    pumps: &'static str,
    patient_data: bool,
}

/// The servers, the tour's first.
pub(super) const SERVERS: [Server; 5] = [
    Server { name: "alaris-sm-01", site: "Main campus", unit: "ICU, ED", pumps: "412", patient_data: true },
    Server { name: "alaris-sm-02", site: "Main campus", unit: "Surgery", pumps: "188", patient_data: true },
    Server { name: "plum-gw-01", site: "East clinic", unit: "Oncology", pumps: "64", patient_data: true },
    Server { name: "library-01", site: "Main campus", unit: "Pharmacy", pumps: "0", patient_data: false },
    Server { name: "test-pumps", site: "Workshop", unit: "Biomedical", pumps: "6", patient_data: false },
];

/// The web console's name at the gate.
pub(super) const CONSOLE: &str = "alaris-console";

async fn add_server(
    stage: &Stage,
    token: &str,
    server: &Server,
    port: u16,
    key: &Path,
    host_key: &Path,
) -> Result<(), DemoError> {
    let at = format!("127.0.0.1:{port}");
    let mut words = vec!["target", "add", server.name, "--ssh", &at, "--account", "svc", "--key", text(key)];
    words.extend(["--host-key", text(host_key), "--site", server.site, "--unit", server.unit]);
    words.extend(["--pumps", server.pumps]);
    if server.patient_data {
        words.push("--patient-data");
    }
    stage.as_person(token, &words).await.map(drop)
}

async fn add_console(stage: &Stage, token: &str, console: &Running) -> Result<(), DemoError> {
    let at = format!("127.0.0.1:{}", console.port);
    let mut words = vec!["target", "add", CONSOLE, "--tls", &at, "--http", "--server-name", SERVER_NAME];
    words.extend(["--trust", text(&console.authority), "--basic", ACCOUNT]);
    words.extend(["--console-secret", text(&console.secret)]);
    words.extend(["--site", "Main campus", "--unit", "Pharmacy", "--pumps", "412"]);
    stage.as_person(token, &words).await.map(drop)
}

/// Starts so many servers and everything else, and enrols everybody.
pub(super) async fn people(stage: &mut Stage, servers: usize) -> Result<Cast, DemoError> {
    let [dana, viktor, svc, host] = [
        stage.ssh_key("dana").await?,
        stage.ssh_key("viktor").await?,
        stage.ssh_key("target-account").await?,
        stage.ssh_key("target-host").await?,
    ];
    let syslog = format!("tcp://{}", stage.soc.syslog().await.map_err(trying("listen for syslog"))?);
    let webhook = stage.soc.webhook().await.map_err(trying("listen for webhooks"))?;
    let webhook = format!("http://{webhook}/chaperone");
    let mut ports = Vec::new();
    for server in SERVERS.iter().take(servers) {
        ports.push(stage.standin(server.name, &host, &svc).await?);
    }
    let console = stage.console(CONSOLE).await?;
    stage.gate().await?;
    // The whole cast may sign in while the stage is set; who has a desk on the front page comes later.
    let seat = |login: &str| desk(login, login, "", "");
    let seats = ["admin", "dana", "viktor", "priya", "sam"].map(seat).to_vec();
    stage.seat(&DemoView { desks: seats, ssh: Vec::new(), note: String::new() })?;

    let admin = stage.sign_in("admin").await?;
    let secret = stage.file("webhook.secret");
    // The key of Standard Webhooks' own example format: 24 random bytes are made by the file's first writer.
    let fresh = format!("whsec_{}", data_encoding());
    std::fs::write(&secret, fresh).map_err(trying("write the webhook's secret"))?;
    let (dana_pub, viktor_pub) = (dana.with_extension("pub"), viktor.with_extension("pub"));
    let host_pub = host.with_extension("pub");
    let sets: &[&[&str]] = &[
        &["person", "add", "priya", "--name", "Priya Nair", "--role", "clinical-engineer"],
        &["vendor", "add", "Meridian Infusion", "--sponsor", "priya"],
        &["vendor", "add", "Northwind Imaging", "--sponsor", "priya"],
        &[
            "person",
            "add",
            "dana",
            "--name",
            "Dana Reyes",
            "--role",
            "technician",
            "--vendor",
            "Meridian Infusion",
            "--ssh-key",
            text(&dana_pub),
        ],
        &[
            "person",
            "add",
            "viktor",
            "--name",
            "Viktor Lind",
            "--role",
            "technician",
            "--vendor",
            "Northwind Imaging",
            "--ssh-key",
            text(&viktor_pub),
        ],
        &["person", "add", "lea", "--name", "Lea Brandt", "--role", "lead"],
        &["person", "add", "sam", "--name", "Sam Okafor", "--role", "analyst"],
        &["destination", "add", "soc", "--syslog", &syslog],
        &["destination", "add", "pager", "--webhook", &webhook, "--secret-file", text(&secret)],
    ];
    for words in sets {
        stage.as_person(&admin, words).await?;
    }
    // Servers are clinical engineering's, not the administrator's.
    let priya = stage.sign_in("priya").await?;
    for (server, port) in SERVERS.iter().zip(ports) {
        add_server(stage, &priya, server, port, &svc, &host_pub).await?;
    }
    add_console(stage, &priya, &console).await?;
    let (sam, viktor_token) = (stage.sign_in("sam").await?, stage.sign_in("viktor").await?);
    Ok(Cast { priya, sam, dana, viktor, viktor_token, console })
}

/// A webhook secret in base64 from two random UUIDs.
fn data_encoding() -> String {
    use base64::Engine;
    let mut bytes = uuid::Uuid::new_v4().as_bytes().to_vec();
    bytes.extend_from_slice(uuid::Uuid::new_v4().as_bytes());
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A window to ask for.
pub(super) struct Wish {
    /// The technician, who asks.
    pub person: &'static str,
    /// The server.
    pub target: &'static str,
    /// What may be done there.
    pub access: &'static str,
    /// From when.
    pub opens: &'static str,
    /// Until when.
    pub closes: &'static str,
    /// What for, of the closed set.
    pub purpose: &'static str,
    /// The change ticket.
    pub ticket: &'static str,
    /// In words.
    pub reason: &'static str,
}

/// Dana's patch of the first server.
pub(super) fn patch(opens: &'static str, closes: &'static str) -> Wish {
    Wish {
        person: "dana",
        target: "alaris-sm-01",
        access: "shell,exec,sftp-read,sftp-write",
        opens,
        closes,
        purpose: "patch",
        ticket: "CHG0031337",
        reason: "Security patch of the pump server",
    }
}

/// Dana's look at the web console.
pub(super) fn look(opens: &'static str, closes: &'static str) -> Wish {
    Wish {
        target: CONSOLE,
        access: "tls",
        purpose: "library",
        ticket: "CHG0031352",
        reason: "New drug library, by the pump server's web console",
        ..patch(opens, closes)
    }
}

/// Asks for a window, and has it approved; returns its id.
pub(super) async fn window(
    stage: &Stage,
    cast: &Cast,
    wish: &Wish,
    approve: bool,
) -> Result<String, DemoError> {
    let &Wish { person, target, access, opens, closes, purpose, ticket, reason } = wish;
    let asker = stage.sign_in(person).await?;
    let words = [
        "window",
        "request",
        "--target",
        target,
        "--person",
        person,
        "--access",
        access,
        "--opens",
        opens,
        "--closes",
        closes,
        "--purpose",
        purpose,
        "--ticket",
        ticket,
        "--reason",
        reason,
    ];
    let asked = stage.as_person(&asker, &words).await?;
    let id = asked.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if approve {
        stage.as_person(&cast.priya, &["window", "approve", &id]).await?;
    }
    Ok(id)
}
