//! The demo's cast and its windows.

use std::path::PathBuf;

use serde_json::Value;

use super::stage::{DemoError, Stage, text};

/// Who plays.
pub(super) struct Cast {
    /// Clinical engineering's token.
    pub priya: String,
    /// The SOC's token.
    pub sam: String,
    /// A technician's private key.
    pub dana: PathBuf,
    /// Another vendor's technician's private key.
    pub viktor: PathBuf,
}

/// Starts everything and enrols everybody.
pub(super) async fn people(stage: &mut Stage) -> Result<Cast, DemoError> {
    let [dana, viktor, svc, host] = [
        stage.ssh_key("dana").await?,
        stage.ssh_key("viktor").await?,
        stage.ssh_key("target-account").await?,
        stage.ssh_key("target-host").await?,
    ];
    let syslog = format!("tcp://{}", stage.soc.syslog().await.map_err(super::trying("listen for syslog"))?);
    let webhook = stage.soc.webhook().await.map_err(super::trying("listen for webhooks"))?;
    let webhook = format!("http://{webhook}/chaperone");
    let port = stage.standin("alaris-sm-01", &host, &svc).await?;
    stage.gate().await?;

    let admin = stage.token("admin").await?;
    let secret = stage.file("webhook.secret");
    // The key of Standard Webhooks' own example format: 24 random bytes are made by the file's first writer.
    let fresh = format!("whsec_{}", data_encoding());
    std::fs::write(&secret, fresh).map_err(super::trying("write the webhook's secret"))?;
    let (dana_pub, viktor_pub) = (dana.with_extension("pub"), viktor.with_extension("pub"));
    let host_pub = host.with_extension("pub");
    let at = format!("127.0.0.1:{port}");
    let sets: &[&[&str]] = &[
        &["vendor", "add", "Meridian Infusion"],
        &["vendor", "add", "Northwind Imaging"],
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
        &["person", "add", "priya", "--name", "Priya Nair", "--role", "clinical-engineer"],
        &["person", "add", "sam", "--name", "Sam Okafor", "--role", "analyst"],
        &["destination", "add", "soc", "--syslog", &syslog],
        &["destination", "add", "pager", "--webhook", &webhook, "--secret-file", text(&secret)],
    ];
    let target = [
        "target",
        "add",
        "alaris-sm-01",
        "--ssh",
        &at,
        "--account",
        "svc",
        "--key",
        text(&svc),
        "--host-key",
        text(&host_pub),
        "--site",
        "Main campus",
        "--unit",
        "ICU, ED",
        "--pumps",
        "412",
        "--patient-data",
    ];
    for words in sets {
        stage.as_person(&admin, words).await?;
    }
    // Servers are clinical engineering's, not the administrator's.
    let priya = stage.token("priya").await?;
    stage.as_person(&priya, &target).await?;
    Ok(Cast { priya, sam: stage.token("sam").await?, dana, viktor })
}

/// A webhook secret in base64 from two random UUIDs.
fn data_encoding() -> String {
    use base64::Engine;
    let mut bytes = uuid::Uuid::new_v4().as_bytes().to_vec();
    bytes.extend_from_slice(uuid::Uuid::new_v4().as_bytes());
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Asks for a window in Dana's name and approves it; returns its id.
pub(super) async fn window(
    stage: &Stage,
    cast: &Cast,
    person: &str,
    opens: &str,
    closes: &str,
    approve: bool,
) -> Result<String, DemoError> {
    let asker = stage.token(person).await?;
    let words = [
        "window",
        "request",
        "--target",
        "alaris-sm-01",
        "--person",
        person,
        "--access",
        "shell,exec",
        "--opens",
        opens,
        "--closes",
        closes,
        "--purpose",
        "patch",
        "--ticket",
        "CHG0031337",
        "--reason",
        "Security patch of the pump server",
    ];
    let asked = stage.as_person(&asker, &words).await?;
    let id = asked.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if approve {
        stage.as_person(&cast.priya, &["window", "approve", &id]).await?;
    }
    Ok(id)
}

/// Windows to try: one open, one to come, one that nobody has approved.
pub(super) async fn windows(stage: &Stage, cast: &Cast) -> Result<(), DemoError> {
    window(stage, cast, "dana", "now", "+90m", true).await?;
    window(stage, cast, "dana", "+24h", "+26h", true).await?;
    window(stage, cast, "viktor", "now", "+60m", false).await?;
    Ok(())
}

/// What to paste.
pub(super) fn tell(stage: &Stage, cast: &Cast) {
    let dana = stage.ssh_words(&cast.dana, "dana+alaris-sm-01").join(" ");
    let viktor = stage.ssh_words(&cast.viktor, "viktor+alaris-sm-01").join(" ");
    println!(
        "
Dana's change window is open. Her visit is recorded:
  {dana}

Viktor's window is not approved. His attempt is refused, and the SOC (below) hears of it:
  {viktor}

The command line, as the SOC's Sam and as clinical engineering's Priya:
  export CHAPERONE_SERVER=http://127.0.0.1:{port}
  export CHAPERONE_TOKEN={sam}      # Sam: chaperone alert list, session list, recording play ID
  export CHAPERONE_TOKEN={priya}      # Priya: chaperone window list, window extend ID --closes +120m

The target is a stand-in: a real shell as you, in a process of its own. Ctrl-C ends everything.
",
        port = stage.web_port,
        sam = cast.sam,
        priya = cast.priya,
    );
}
