//! Web consoles through the gate: what passes, what ends them, and what is not taken. nginx and a WebSocket are the
//! console; curl, OpenSSL's s_client and Chromium are the clients.

mod again;
mod behind;
mod beyond;
mod carried;
mod crowds;
mod ending;
mod entering;
mod failing;
mod hostile;
mod in_clear;
mod kept_inside;
mod meanwhile;
mod off_schedule;
mod passing;
mod secrets;
mod signing_out;
mod spent;
