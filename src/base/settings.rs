//! Constants that change results, declared so that they can be listed.

/// Declares constants, and a function `settings` that lists the name and value of each as one text.
///
/// A scan takes over the records of an earlier run while [`Engine::settings`](crate::scan::Engine::settings) is the same.
/// A constant that changes results but is missing from that text would let stale records be taken over after it was
/// tuned. Declared here, a constant cannot be missing.
macro_rules! settings {
    ($($(#[$meta:meta])* $vis:vis const $name:ident: $type:ty = $value:expr;)+) => {
        $($(#[$meta])* $vis const $name: $type = $value;)+

        /// Name and value of each constant of this file that changes results.
        pub(super) fn settings() -> String {
            [$(format!("{}={:?}", stringify!($name), $name)),+].join(" ")
        }
    };
}

pub(crate) use settings;
