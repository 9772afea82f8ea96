//! Certificates at the TLS gate: who is vouched for, with what, and for how long. What the gate signs is read by OpenSSL.

mod issued;
mod world;
