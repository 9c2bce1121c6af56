//! How the binary is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, value: &str| std::env::var(variable).as_deref() == Ok(value);
    // A command such as `inhaul build` is done in a few milliseconds, of which a good part would
    // go into the 38,000 addresses that a program without a fixed place has to correct at each
    // start. Go's programs have a fixed place, too; libraries, stack and heap move all the same.
    if is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
    {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
