//! How a house is to be before it starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::database::{Database, Engine};
use crate::gate::Gate;
use crate::house::{House, TARGET};
use crate::keys::KeyPair;
use crate::machine::{libfaketime, word};
use crate::ssh::Technician;
use crate::sshd::{Sshd, SshdOptions};
use crate::syslog::Syslog;
use crate::webhook::Webhook;

/// What a house is made of; [`Furnishing::start`] makes it.
#[derive(Clone, Debug)]
pub struct Furnishing {
    engine: Engine,
    environment: BTreeMap<String, String>,
    target: SshdOptions,
    soc: bool,
}

impl Default for Furnishing {
    fn default() -> Self {
        let environment = [
            // Scenarios act with tokens that are minted on the host (P8).
            ("CHAPERONE_SECURITY__HOST_TOKENS", "true"),
            // The SOC's receiver is on loopback.
            ("CHAPERONE_ALERT__ALLOW_PRIVATE_WEBHOOKS", "true"),
            // The usual port is one machine's, and there are many gates on it.
            ("CHAPERONE_GATE__TLS", "off"),
            // The machine that runs the tests may have a small disk.
            ("CHAPERONE_RECORDING__LOW_BYTES", "134217728"),
            ("CHAPERONE_RECORDING__CRITICAL_BYTES", "67108864"),
            (
                "CHAPERONE_LOG__LEVEL",
                "info,chaperone_session=debug,chaperone_ssh=debug,chaperone_alert=debug",
            ),
        ];
        Self {
            engine: Engine::default(),
            environment: environment.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            target: SshdOptions::default(),
            soc: true,
        }
    }
}

impl Furnishing {
    /// Behind which database.
    #[must_use]
    pub fn on(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// With a key of the gate's configuration, as `CHAPERONE_SECTION__KEY`.
    #[must_use]
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.environment.insert(variable.to_owned(), value.to_owned());
        self
    }

    /// With a gate that is not told this key, as `CHAPERONE_SECTION__KEY`.
    #[must_use]
    pub fn without(mut self, variable: &str) -> Self {
        self.environment.remove(variable);
        self
    }

    /// With a gate whose wall clock is off by as many seconds as a file says, such as `-34560000`, at any time.
    ///
    /// # Panics
    /// When the file cannot be written, or libfaketime is not installed.
    #[must_use]
    pub fn by_a_clock(self, file: &Path, seconds: &str) -> Self {
        fs::write(file, format!("{seconds}\n")).expect("a clock's file can be written");
        self.with("LD_PRELOAD", &libfaketime())
            .with("FAKETIME_TIMESTAMP_FILE", &file.display().to_string())
            .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .with("FAKETIME_NO_CACHE", "1")
    }

    /// With a target that is like this.
    #[must_use]
    pub fn target(mut self, options: SshdOptions) -> Self {
        self.target = options;
        self
    }

    /// Without destinations: alerts go nowhere.
    #[must_use]
    pub fn without_soc(mut self) -> Self {
        self.soc = false;
        self
    }

    /// Starts everything: target, database, SOC, gate; enrols everybody.
    ///
    /// # Panics
    /// When anything does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(self) -> House {
        let mut house = self.empty();
        house.gate.rise();
        house.enrol();
        if self.soc {
            house.connect_soc();
        }
        house
    }

    /// Starts everything but the gate, which is installed; enrols nobody.
    ///
    /// # Panics
    /// When anything does not come up.
    #[track_caller]
    #[must_use]
    pub fn empty(&self) -> House {
        let folder =
            tempfile::Builder::new().prefix("chaperone-tests-").tempdir().expect("a folder for the house");
        let target = Sshd::start(&folder.path().join("target"), &self.target);
        let home = folder.path().join("gate");
        let database = Database::prepare(self.engine, &home);
        let gate = Gate::install(&home, &database.url(), self.environment.clone());
        let syslog = Syslog::start(&folder.path().join("syslog"));
        House { gate, target, database, syslog, webhook: Webhook::start(), folder }
    }
}

impl House {
    /// Enrols the cast: two vendors with a technician each, clinical engineering, the SOC, an auditor; and the target.
    ///
    /// # Panics
    /// When the gate refuses any of them.
    #[track_caller]
    pub fn enrol(&self) {
        let admin = self.admin();
        admin.does(&["vendor", "add", "Meridian Infusion"]);
        admin.does(&["vendor", "add", "Northwind Imaging"]);
        for (login, name, vendor) in
            [("dana", "Dana Reyes", "Meridian Infusion"), ("viktor", "Viktor Lind", "Northwind Imaging")]
        {
            let key = KeyPair::make(self.folder.path(), login);
            admin.does(&[
                "person",
                "add",
                login,
                "--name",
                name,
                "--role",
                "technician",
                "--vendor",
                vendor,
                "--ssh-key",
                word(&key.public),
            ]);
        }
        for (login, role) in [
            ("priya", "clinical-engineer"),
            ("quentin", "clinical-engineer"),
            ("sam", "analyst"),
            ("lee", "lead"),
            ("audrey", "auditor"),
            ("adam", "administrator"),
        ] {
            admin.does(&["person", "add", login, "--role", role]);
        }
        self.add_target(TARGET, &self.target, &[]);
    }

    /// Adds a target, as clinical engineering, that is reached at another address than its own, such as a proxy's.
    ///
    /// # Panics
    /// When the gate refuses it.
    #[track_caller]
    pub fn add_target_at(&self, name: &str, address: &str, sshd: &Sshd, more: &[&str]) {
        let mut words = vec!["target", "add", name, "--ssh", address, "--account", sshd.account()];
        words.extend([
            "--key",
            word(&sshd.account_key().private),
            "--host-key",
            word(&sshd.host_key().public),
        ]);
        words.extend(["--site", "Main campus", "--unit", "ICU, ED", "--pumps", "412", "--patient-data"]);
        words.extend(more);
        self.priya().does(&words);
    }

    /// Adds a target behind the gate.
    ///
    /// # Panics
    /// When the gate refuses it.
    #[track_caller]
    pub fn add_target(&self, name: &str, sshd: &Sshd, more: &[&str]) {
        self.add_target_at(name, &sshd.address(), sshd, more);
    }

    /// Sends alerts to the house's rsyslog and webhook receivers.
    ///
    /// # Panics
    /// When the gate refuses them.
    #[track_caller]
    pub fn connect_soc(&self) {
        let admin = self.admin();
        let secret = self.folder.path().join("webhook.secret");
        fs::write(&secret, self.webhook.secret()).expect("the webhook's secret");
        admin.does(&["destination", "add", "soc", "--syslog", &self.syslog.url()]);
        admin.does(&[
            "destination",
            "add",
            "pager",
            "--webhook",
            &self.webhook.url(),
            "--secret-file",
            word(&secret),
        ]);
    }

    /// A technician with their key.
    #[must_use]
    pub fn technician(&self, login: &str) -> Technician {
        let folder = self.folder.path().to_owned();
        Technician {
            login: login.to_owned(),
            key: KeyPair::make(&folder, login),
            folder,
            port: self.gate.ssh_port(),
        }
    }
}
