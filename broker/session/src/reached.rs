//! That a session has reached its target: a fact with the two ends of the connection, by which the target's own log is held
//! against the ledger, and with what the target was known by.

use std::sync::atomic::Ordering;

use chaperone_store::FactKind;
use serde_json::Value;

use crate::gate::Gate;
use crate::live::LiveSession;

impl Gate {
    /// The gate has signed in to the target: a fact with the two ends of the connection and, where it was a certificate,
    /// its serial, by which the target's own log is held against the ledger; and which address, key and credential it
    /// was; over TLS, which certificate and pin. Beside the relay and not before it; the recording has it already.
    pub(crate) fn write_connected(&self, session: &LiveSession, about: &Value) {
        let told = [
            "local",
            "peer",
            "address",
            "endpoint",
            "host_key",
            "credential",
            "authority",
            "serial",
            "certificate_until",
            "legacy",
            "server_name",
            "certificate",
            "pin",
            "tls",
            "suite",
            "plain_http_until",
        ];
        let body: serde_json::Map<String, Value> =
            told.iter().filter_map(|name| Some(((*name).to_owned(), about.get(name)?.clone()))).collect();
        let body = Value::Object(body);
        let fact = session.fact(FactKind::SessionConnected, body);
        let gate = self.clone();
        self.beside(async move { gate.write_or_spool(fact, None).await });
    }

    /// The same for a visit that makes many connections: of the first one.
    pub(crate) fn write_first_connected(&self, session: &LiveSession, about: &Value) {
        if !session.reached.swap(true, Ordering::AcqRel) {
            self.write_connected(session, about);
        }
    }
}
