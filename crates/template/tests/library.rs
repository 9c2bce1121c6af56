//! Which functions each library has.

use inhaul_template::{helm, helm_4_2, sprig, text_template};

#[test]
fn each_library_extends_the_one_before() {
    let libraries = [text_template(), sprig(), helm_4_2(), helm()];
    for pair in libraries.windows(2) {
        let (smaller, larger) = (pair[0].names(), pair[1].names());
        assert!(smaller.iter().all(|name| larger.contains(name)));
        assert!(smaller.len() < larger.len());
    }
}

#[test]
fn helms_library_reaches_no_environment() {
    let names = helm().names();
    for name in ["include", "tpl", "required", "lookup", "toYaml", "fromToml", "genCA", "dig"] {
        assert!(names.contains(&name), "{name}");
    }
    for name in ["env", "expandenv"] {
        assert!(!names.contains(&name), "{name}");
    }
}

#[test]
fn helms_library_has_the_names_that_helm_4_3_has() {
    // Written by a program that lists the function maps of sprig 3.3.0, Helm and Go.
    let expected: Vec<&str> = include_str!("data/helm_functions.txt").lines().collect();
    assert_eq!(helm().names(), expected);
}

#[test]
fn the_operators_library_lacks_the_duration_functions() {
    let (old, new) = (helm_4_2().names(), helm().names());
    let added: Vec<_> = new.iter().filter(|name| !old.contains(name)).copied().collect();
    assert_eq!(added.len(), 11, "{added:?}");
    assert!(added.iter().all(|name| name.to_lowercase().contains("duration")), "{added:?}");
}
