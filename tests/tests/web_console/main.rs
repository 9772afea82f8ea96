//! Web consoles through the gate: what passes, what ends them, and what is not taken. nginx and a WebSocket are the
//! console; curl, OpenSSL's s_client and Chromium are the clients.

mod carried;
mod crowds;
mod ending;
mod entering;
mod hostile;
mod in_clear;
mod off_schedule;
mod passing;
mod signing_out;
mod spent;
