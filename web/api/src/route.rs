//! The table of doors: every route with the act of DESIGN §1 that it is. A request whose route is not in it is refused,
//! so a handler that nobody thought about is a closed door.

use axum::http::Method;
use chaperone_policy::{Act, Cell, Role};

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// HTTP method.
    pub method: &'static str,
    /// Path, with its parameters in braces.
    pub path: &'static str,
    /// Who may come in.
    pub door: Door,
}

/// Who may come in by a route at all. A handler asks again about the very thing that the request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everybody: nothing but what a stranger may see.
    Open,
    /// Whoever is enrolled, valid and not locked.
    SignedIn,
    /// Whoever may do the act to something.
    Act(Act),
    /// Whoever may do the act to everything there is.
    Everywhere(Act),
    /// Whoever may ever do the act to something. Whether they may now, a lock and an end of validity included, is the
    /// schedule's to say, which refuses as it does at the gate's other doors.
    Schedule(Act),
    /// Whoever may look at what the act changes.
    Read(Act),
    /// Whoever may do one of the acts to something; which one it is follows from what the request names.
    OneOf(&'static [Act]),
    /// Whoever may do the act together with a second person; an attempt of anybody else is a fact.
    Together(Act),
    /// Two people who keep the configuration or the rules; a token minted on the host is nobody (P8).
    TwoKeepers,
}

use Door::{Everywhere, OneOf, Open, Read, SignedIn, Together, TwoKeepers};

/// Whoever may say yes to a window, an emergency, or a replaced technician.
const APPROVE: Door = OneOf(&[Act::ApproveWindow, Act::OpenEmergency]);
/// A new end is later or earlier.
const NEW_END: Door = OneOf(&[Act::ExtendWindow, Act::ShortenWindow]);
/// The acts that make a keeper.
const KEEPERS: &[Act] = &[Act::Configure, Act::ManageRules];

const fn get(path: &'static str, door: Door) -> Route {
    Route { method: "GET", path, door }
}

const fn post(path: &'static str, door: Door) -> Route {
    Route { method: "POST", path, door }
}

const fn put(path: &'static str, door: Door) -> Route {
    Route { method: "PUT", path, door }
}

const fn delete(path: &'static str, door: Door) -> Route {
    Route { method: "DELETE", path, door }
}

/// Every route there is.
pub const ROUTES: &[Route] = &[
    get("/healthz", Open),
    get("/readyz", Open),
    get("/metrics", Open),
    get("/api/openapi.json", Open),
    get("/api/docs", Open),
    post("/api/sign-in", Open),
    post("/api/sign-out", SignedIn),
    post("/api/step-up", SignedIn),
    get("/api/me", SignedIn),
    get("/api/demo", Open),
    post("/api/demo/sign-in", Open),
    post("/api/enrolment/look", Open),
    post("/api/enrolment/finish", Open),
    get("/api/events", SignedIn),
    get("/api/lock", SignedIn),
    post("/api/lock", Everywhere(Act::Lock)),
    post("/api/unlock", Everywhere(Act::Lock)),
    get("/api/vendors", Read(Act::SeePeople)),
    post("/api/vendors", Door::Act(Act::ManageVendors)),
    post("/api/vendors/{vendor}/lock", Door::Act(Act::Lock)),
    post("/api/vendors/{vendor}/unlock", Door::Act(Act::Lock)),
    put("/api/vendors/{vendor}/networks", Door::Act(Act::ManageVendors)),
    get("/api/vendors/{vendor}/authorities", Read(Act::SeePeople)),
    post("/api/vendors/{vendor}/authorities", Door::Act(Act::ManageVendors)),
    post("/api/vendors/{vendor}/authorities/withdraw", Door::Act(Act::ManageVendors)),
    post("/api/vendors/{vendor}/revocations", Door::Act(Act::ManageVendors)),
    get("/api/people", Read(Act::SeePeople)),
    post("/api/people", Door::Act(Act::ManagePeople)),
    get("/api/people/{login}", Read(Act::SeePeople)),
    post("/api/people/{login}/lock", Door::Act(Act::Lock)),
    post("/api/people/{login}/unlock", Door::Act(Act::Lock)),
    post("/api/people/{login}/enrolment", Door::Act(Act::ManagePeople)),
    post("/api/people/{login}/reset", Door::Act(Act::ResetFactors)),
    post("/api/people/{login}/keys", Door::Act(Act::ManagePeople)),
    post("/api/people/{login}/keys/withdraw", Door::Act(Act::ManagePeople)),
    put("/api/people/{login}/networks", Door::Act(Act::ManagePeople)),
    put("/api/people/{login}/email", Door::Act(Act::ManagePeople)),
    get("/api/targets", Read(Act::SeeTargets)),
    post("/api/targets", Door::Act(Act::ManageTargets)),
    get("/api/targets/{target}", Read(Act::SeeTargets)),
    post("/api/targets/{target}/host-keys", Door::Act(Act::ManageTargets)),
    post("/api/targets/{target}/host-keys/approve", Door::Act(Act::ConfirmHostKey)),
    post("/api/targets/{target}/host-keys/refuse", Door::Act(Act::ManageTargets)),
    post("/api/targets/{target}/host-keys/retire", Door::Act(Act::ManageTargets)),
    get("/api/ssh/user-ca", Read(Act::SeeTargets)),
    post("/api/ssh/user-ca/next", Door::Act(Act::ManageKeys)),
    post("/api/ssh/user-ca/retire", Door::Act(Act::ManageKeys)),
    get("/api/tls/authority", Open),
    post("/api/tls/authority/next", Door::Act(Act::ManageKeys)),
    post("/api/tls/authority/retire", Door::Act(Act::ManageKeys)),
    put("/api/targets/{target}/legacy", Door::Act(Act::ManageTargets)),
    put("/api/targets/{target}/addresses", Door::Act(Act::ManageTargets)),
    put("/api/targets/{target}/tls", Door::Act(Act::ManageTargets)),
    post("/api/targets/{target}/endpoints", Door::Act(Act::ManageTargets)),
    post("/api/targets/{target}/endpoints/remove", Door::Act(Act::ManageTargets)),
    put("/api/targets/{target}/credentials", Door::Act(Act::ManageTargets)),
    put("/api/targets/{target}/uploads", Door::Act(Act::ManageTargets)),
    post("/api/targets/{target}/lock", Door::Act(Act::Lock)),
    post("/api/targets/{target}/unlock", Door::Act(Act::Lock)),
    get("/api/freezes", Read(Act::SeeWindows)),
    post("/api/freezes", Door::Act(Act::ManageFreezes)),
    delete("/api/freezes/{freeze}", Door::Act(Act::ManageFreezes)),
    get("/api/windows", Read(Act::SeeWindows)),
    post("/api/windows", Door::Act(Act::RequestWindow)),
    get("/api/windows/{window}", Read(Act::SeeWindows)),
    post("/api/windows/{window}/more-time", Door::Act(Act::RequestWindow)),
    get("/api/windows/{window}/connect", Read(Act::Connect)),
    post("/api/windows/{window}/console", Door::Act(Act::Connect)),
    get("/api/windows/{window}/card", Read(Act::SeeWindows)),
    get("/api/windows/{window}/files", Read(Act::SeeWindows)),
    post("/api/windows/{window}/files", Door::Act(Act::SendFiles)),
    post("/api/windows/{window}/files/{file}/withdraw", Door::Act(Act::SendFiles)),
    post("/api/windows/{window}/files/{file}/release", Door::Act(Act::Connect)),
    get("/api/my/servers", Read(Act::RequestWindow)),
    get("/api/ssh", Door::Act(Act::Connect)),
    post("/api/connect", Door::Schedule(Act::Connect)),
    get("/api/tls", Door::Act(Act::Connect)),
    post("/api/windows/{window}/approve", APPROVE),
    post("/api/windows/{window}/deny", Door::Act(Act::DenyWindow)),
    post("/api/windows/{window}/withdraw", Door::Act(Act::WithdrawWindow)),
    post("/api/windows/{window}/revoke", Door::Act(Act::RevokeWindow)),
    post("/api/windows/{window}/extend", NEW_END),
    post("/api/windows/{window}/move", Door::Act(Act::MoveWindow)),
    post("/api/windows/{window}/accept", Door::Act(Act::AcceptWindow)),
    post("/api/windows/{window}/substitute", Door::Act(Act::SubstitutePerson)),
    post("/api/windows/{window}/go", Door::Act(Act::GiveGo)),
    post("/api/windows/{window}/observer", Door::Act(Act::ApproveWindow)),
    post("/api/windows/{window}/return", Door::Act(Act::ReturnToService)),
    post("/api/windows/{window}/review", Door::Act(Act::ReviewEvidence)),
    post("/api/emergency/people", Door::Act(Act::ManagePeople)),
    post("/api/emergency/windows", Door::Act(Act::OpenEmergency)),
    get("/api/sessions", Read(Act::SeeSessions)),
    get("/api/sessions/{session}", Read(Act::SeeSessions)),
    get("/api/sessions/{session}/watch", Door::Act(Act::WatchLive)),
    post("/api/sessions/{session}/pause", Door::Act(Act::PauseInput)),
    post("/api/sessions/{session}/resume", Door::Act(Act::PauseInput)),
    post("/api/sessions/{session}/stop", Door::Act(Act::StopSession)),
    get("/api/recordings", Read(Act::SeeSessions)),
    get("/api/recordings/{session}", Read(Act::SeeSessions)),
    get("/api/recordings/{session}/timeline", Door::Act(Act::Replay)),
    get("/api/recordings/{session}/play", Door::Act(Act::Replay)),
    get("/api/recordings/{session}/transactions", Door::Act(Act::Replay)),
    get("/api/recordings/{session}/transactions/{place}", Door::Act(Act::Replay)),
    get("/api/recordings/{session}/transactions/{place}/body", Door::Act(Act::Replay)),
    get("/api/recordings/{session}/text", Door::Act(Act::Replay)),
    get("/api/recordings/{session}/export", Door::Act(Act::ExportEvidence)),
    post("/api/recordings/{session}/verify", Door::Act(Act::Replay)),
    get("/api/unmask", Together(Act::UnmaskInput)),
    post("/api/unmask", Together(Act::UnmaskInput)),
    post("/api/unmask/{word}/agree", Together(Act::UnmaskInput)),
    post("/api/unmask/{word}/refuse", Together(Act::UnmaskInput)),
    post("/api/unmask/{word}/withdraw", Together(Act::UnmaskInput)),
    get("/api/keep", Read(Act::WorkAlerts)),
    post("/api/keep", Door::Act(Act::WorkAlerts)),
    post("/api/keep/{hold}/lift", Together(Act::LiftHold)),
    get("/api/retention", Read(Act::SeeLedger)),
    put("/api/retention/classes/{class}", Door::Act(Act::ManageRetention)),
    put("/api/retention/assigned", Door::Act(Act::ManageRetention)),
    post("/api/retention/words/{word}/agree", Together(Act::ShortenRetention)),
    post("/api/retention/words/{word}/refuse", Together(Act::ShortenRetention)),
    post("/api/retention/allow", Together(Act::ShortenRetention)),
    post("/api/retention/run", Door::Act(Act::ManageRetention)),
    get("/api/search", Door::Act(Act::SearchEvidence)),
    post("/api/bundles", Door::Act(Act::ExportEvidence)),
    get("/api/alerts", Read(Act::WorkAlerts)),
    get("/api/alerts/{alert}", Read(Act::WorkAlerts)),
    post("/api/alerts/{alert}/acknowledge", Door::Act(Act::WorkAlerts)),
    post("/api/alerts/{alert}/close", Door::Act(Act::WorkAlerts)),
    get("/api/destinations", Read(Act::ManageDestinations)),
    post("/api/destinations", Door::Act(Act::ManageDestinations)),
    post("/api/destinations/{destination}/test", Door::Act(Act::ManageDestinations)),
    delete("/api/destinations/{destination}", Door::Act(Act::ManageDestinations)),
    get("/api/ledger/checkpoint", Read(Act::SeeLedger)),
    get("/api/ledger/proof/inclusion", Read(Act::SeeLedger)),
    get("/api/ledger/proof/consistency", Read(Act::SeeLedger)),
    get("/api/ledger/facts", Read(Act::SeeLedger)),
    get("/api/ledger/export", Door::Act(Act::ExportEvidence)),
    post("/api/ledger/verify", Read(Act::SeeLedger)),
    post("/api/ledger/fork", TwoKeepers),
    post("/api/clock/accept", TwoKeepers),
    post("/api/reconcile", Door::Act(Act::SearchEvidence)),
];

/// The door of a request; `None` for one that is not in the table.
#[must_use]
pub fn door(method: &Method, path: &str) -> Option<Door> {
    // HEAD is served by a GET's handler.
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ROUTES.iter().find(|route| route.method == method && route.path == path).map(|route| route.door)
}

impl Door {
    /// The acts that it leads to.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        match self {
            Self::Open | Self::SignedIn => &[],
            Self::Act(act)
            | Self::Everywhere(act)
            | Self::Schedule(act)
            | Self::Read(act)
            | Self::Together(act) => std::slice::from_ref(act),
            Self::OneOf(acts) => acts,
            Self::TwoKeepers => KEEPERS,
        }
    }

    /// Whether it only looks.
    #[must_use]
    pub fn reads(&self) -> bool {
        matches!(self, Self::Open | Self::SignedIn | Self::Read(_))
    }

    /// Whether a token minted on the host is not enough for anything behind it (P8).
    #[must_use]
    pub fn refuses_host_tokens(&self) -> bool {
        match self {
            Self::TwoKeepers => true,
            Self::Open | Self::SignedIn | Self::Read(_) => false,
            Self::Act(_) | Self::Everywhere(_) | Self::Schedule(_) | Self::OneOf(_) | Self::Together(_) => {
                self.acts().iter().all(|act| act.refuses_host_tokens())
            }
        }
    }

    /// Whether a role has some right here, about something.
    #[must_use]
    pub fn lets_in(&self, role: Role) -> bool {
        match self {
            Self::Open | Self::SignedIn => true,
            _ => self.acts().iter().any(|act| match act.cell(role) {
                Cell::Nothing => false,
                Cell::Second => matches!(self, Self::Together(_)),
                Cell::Read => self.reads(),
                Cell::All => true,
                _ if matches!(self, Self::Everywhere(_)) => false,
                _ => true,
            }),
        }
    }
}
