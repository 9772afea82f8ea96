//! Certificates at the TLS gate: who is vouched for, with what, and for how long. What the gate signs is read by OpenSSL.

mod consoles;
mod issued;
mod rotation;
mod world;
