//! Compiles the bridge against the system's libtorrent-rasterbar.

fn main() {
    let mut config = pkg_config::Config::new();
    let found = config.atleast_version("2.0").probe("libtorrent-rasterbar");
    let library = match found {
        Ok(library) => library,
        Err(error) => {
            let missing = match error {
                pkg_config::Error::Command { .. } => "pkg-config cannot be run",
                _ => "pkg-config finds no libtorrent-rasterbar 2.0",
            };
            // Cargo prints this line as the error, instead of the whole output of the build script.
            println!(
                "cargo::error={missing}: install pkg-config and libtorrent-rasterbar-dev (macOS: brew install \
                 pkgconf libtorrent-rasterbar), or build leakhound without torrents: \
                 --no-default-features --features cli"
            );
            return;
        }
    };
    let mut build = cxx_build::bridge("src/lib.rs");
    build
        .file("cpp/metainfo.cc")
        .include("cpp")
        .std("c++17")
        .flag_if_supported("-Wno-deprecated-declarations");
    for path in &library.include_paths {
        build.include(path);
    }
    // These macros change the layout of libtorrent's types: the bridge has to see the same ones.
    for (name, value) in &library.defines {
        build.define(name, value.as_deref());
    }
    build.compile("leakhound-libtorrent");
    for file in ["src/lib.rs", "cpp/metainfo.cc", "cpp/metainfo.h"] {
        println!("cargo::rerun-if-changed={file}");
    }
}
