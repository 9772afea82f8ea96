//! The configuration that `init` writes: short, with what an operator is likely to change.

use super::Args;
use crate::installation::Installation;

/// The text of the configuration file.
pub(super) fn text(args: &Args, installation: &Installation) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = format!(
        "# Chaperone, written by `chaperone init`. chaperone.example.toml explains these keys and all others.
# Check it with `chaperone check-config`; override a key with CHAPERONE_SECTION__KEY.

[gate]
name = \"gate\"
ssh = {ssh}
",
        ssh = quoted(&args.ssh.to_string()),
    );
    if let Some(tls) = args.tls {
        text.push_str(&format!("tls = {}\n", quoted(&tls.to_string())));
    }
    text.push_str(&format!(
        "banner = \"Authorised use only. Visits are recorded.\"

[data]
dir = {dir}

[web]
listen = {web}

[database]
url = {url}

[security]
# A token minted on the host may approve windows and open evidence only when this is true; every use alarms either way.
host_tokens = false
",
        dir = quoted(&installation.dir().display().to_string()),
        web = quoted(&args.web.to_string()),
        url = quoted(args.database.as_deref().unwrap_or(&installation.sqlite_url())),
    ));
    text
}
