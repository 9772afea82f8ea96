//! The authority that vouches for the gate and for technicians who come by TLS; and replacing it: a new one beside the old one,
//! both trusted, until nothing is left that the old one signed, and then without it.

use axum::Json;
use axum::extract::State;
use chaperone_policy::Subject;
use chaperone_vault::{Retiring, TlsAuthority};
use jiff::SignedDuration;

use super::Answer;
use crate::actor::Actor;
use crate::body::Body;
use crate::issuing::Succession;
use crate::problem::Problem;
use crate::wire::{Because, CertificateView, NextTlsAuthorityView, RetireTlsAuthority, TlsAuthorityView};
use crate::{App, parse};

/// The certificate that vouches for the gate, for trust stores, and while it is being replaced that of the new one: public,
/// as what they vouch for shows to everybody.
#[utoipa::path(get, path = "/api/tls/authority", tag = "targets",
    responses((status = 200, body = TlsAuthorityView), (status = "4XX", body = Problem)))]
pub(crate) async fn show(State(app): State<App>) -> Answer<TlsAuthorityView> {
    shown(&app).await
}

/// Makes a new authority beside the old one. Both are trusted at every node until the old one is retired; the new one signs
/// for technicians within seconds, the old one for the gate's own door, since browsers know it already.
#[utoipa::path(post, path = "/api/tls/authority/next", tag = "targets", security(("token" = [])), request_body = Because,
    responses((status = 200, body = TlsAuthorityView), (status = "4XX", body = Problem)))]
pub(crate) async fn next(
    State(app): State<App>,
    actor: Actor,
    Body(why): Body<Because>,
) -> Answer<TlsAuthorityView> {
    actor.may(Subject::AtAll)?;
    let reason = parse::needed("reason", &why.reason)?;
    let none = || Problem::unavailable("the gate cannot make an authority", "try again; the log says why");
    let made = (succession(&app)?.make)().ok_or_else(none)?;
    let (vault, store) = (&app.parts.vault, &app.parts.store);
    match vault.succeed_tls_authority(store, TlsAuthority::Gate, made, (actor.person, reason)).await? {
        true => shown(&app).await,
        false => Err(Problem::conflict(
            "a new TLS CA waits already",
            "chaperone target tls-ca prints it; retire the old one when trust stores have it",
        )),
    }
}

/// Retires the old authority: what it signed is taken at no door any more, and the gate's own door shows what the new one
/// signs. What is open goes on.
#[utoipa::path(post, path = "/api/tls/authority/retire", tag = "targets", security(("token" = [])),
    request_body = RetireTlsAuthority, responses((status = 200, body = TlsAuthorityView), (status = "4XX", body = Problem)))]
pub(crate) async fn retire(
    State(app): State<App>,
    actor: Actor,
    Body(asked): Body<RetireTlsAuthority>,
) -> Answer<TlsAuthorityView> {
    actor.may(Subject::AtAll)?;
    let reason = parse::needed("reason", &asked.reason)?;
    let overlap = if asked.at_once { SignedDuration::ZERO } else { succession(&app)?.overlap };
    let (vault, store) = (&app.parts.vault, &app.parts.store);
    match vault.retire_tls_authority(store, TlsAuthority::Gate, overlap, (actor.person, reason)).await? {
        Retiring::Done => shown(&app).await,
        Retiring::NoneWaits => Err(Problem::conflict(
            "there is no new TLS CA to take its place",
            "make one first: chaperone target renew-tls-ca",
        )),
        Retiring::Early(from) => Err(Problem::conflict(
            format!("technicians may hold certificates of the old TLS CA until {from:.0}"),
            "retire it then; or now, with --at-once, and whoever holds one fetches a new one",
        )),
    }
}

fn succession(app: &App) -> Result<&Succession, Problem> {
    let none = || Problem::unavailable("this node replaces no authority", "ask another node");
    app.parts.succession.get().ok_or_else(none)
}

async fn shown(app: &App) -> Answer<TlsAuthorityView> {
    let known = app.parts.vault.tls_authorities(&app.parts.store, TlsAuthority::Gate).await?;
    let none = || Problem::conflict("this gate has no TLS authority yet", "it is made when a gate starts");
    let known = known.ok_or_else(none)?;
    let overlap = app.parts.succession.get().map_or(SignedDuration::ZERO, |succession| succession.overlap);
    let next = known.next.map(|next| {
        let read = read(app, &next.pem)?;
        let retires_from = next.made.checked_add(overlap).unwrap_or(next.made);
        Ok::<_, Problem>(NextTlsAuthorityView {
            pem: next.pem,
            fingerprint: read.fingerprint,
            until: read.until,
            made: next.made,
            retires_from,
        })
    });
    let read = read(app, &known.pem)?;
    Ok(Json(TlsAuthorityView {
        pem: known.pem,
        fingerprint: read.fingerprint,
        until: read.until,
        next: next.transpose()?,
    }))
}

fn read(app: &App, pem: &str) -> Result<CertificateView, Problem> {
    let damaged = || Problem::unavailable("the certificate of the TLS authority is damaged", "see the log");
    app.reader()?.certificates(pem).into_iter().next().ok_or_else(damaged)
}
