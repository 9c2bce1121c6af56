//! A tree of files, the kustomization among them: every build ends with a result or an error.
#![no_main]

use inhaul_kustomize::{LoadRestrictor, Options, Reorder, build};
use inhaul_tree::MemoryTree;
use libfuzzer_sys::fuzz_target;

#[derive(arbitrary::Arbitrary, Debug)]
struct Files<'a> {
    overlay: &'a str,
    base: &'a str,
    component: &'a str,
    resources: &'a str,
    other: &'a str,
    unrestricted: bool,
}

fuzz_target!(|files: Files<'_>| {
    let tree = MemoryTree::builder()
        .file("overlay/kustomization.yaml", files.overlay.to_owned())
        .file("overlay/other.yaml", files.other.to_owned())
        .file("overlay/comp/kustomization.yaml", files.component.to_owned())
        .file("base/kustomization.yaml", files.base.to_owned())
        .file("base/r.yaml", files.resources.to_owned())
        .build();
    let Ok(tree) = tree else { return };
    let load_restrictor =
        if files.unrestricted { LoadRestrictor::None } else { LoadRestrictor::RootOnly };
    for reorder in [Reorder::Legacy, Reorder::None] {
        let options = Options { load_restrictor, reorder, ..Options::default() };
        for directory in ["overlay", "base"] {
            if let Ok(built) = build(&tree, directory, &options) {
                let _ = built.to_yaml();
                let _ = built.to_files();
            }
        }
    }
});
