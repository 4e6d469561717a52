//! Compiles the bridge against the system's libtorrent-rasterbar.

fn main() {
    let mut config = pkg_config::Config::new();
    let found = config.atleast_version("2.0").probe("libtorrent-rasterbar");
    let library = match found {
        Ok(library) => library,
        Err(error) => {
            eprintln!("{error}");
            eprintln!(
                "libtorrent-rasterbar 2.0 is needed: install libtorrent-rasterbar-dev, or build without the \
                 feature `torrent` (--no-default-features --features cli)"
            );
            std::process::exit(1);
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
    // These macros decide on the layout of libtorrent's types.
    for (name, value) in &library.defines {
        build.define(name, value.as_deref());
    }
    build.compile("leakhound-libtorrent");
    for file in ["src/lib.rs", "cpp/metainfo.cc", "cpp/metainfo.h"] {
        println!("cargo::rerun-if-changed={file}");
    }
}
