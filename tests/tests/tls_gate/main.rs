//! Raw TLS through the gate, with OpenSSL, curl and nginx at both ends: what passes inside a window is recorded in clear, in
//! both directions; outside of it the handshake says so; and whatever the hospital decides acts at once.

mod authority;
mod bad_input;
mod carried;
mod ending;
mod inside;
mod refused;
mod spent;
mod strangers;
mod targets;
mod world;
