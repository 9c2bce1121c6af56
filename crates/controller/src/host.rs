//! Randomness and the clock of this machine, for templates.

use inhaul_template::Host;
use jiff::Timestamp;

/// This machine, as templates may see it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemHost;

impl Host for SystemHost {
    fn random(&self, buffer: &mut [u8]) {
        if aws_lc_rs::rand::fill(buffer).is_err() {
            // Keys and passwords are made of this: better none than guessable ones. The standard
            // library ends the process, too, where the system has no randomness to give.
            std::process::abort();
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
